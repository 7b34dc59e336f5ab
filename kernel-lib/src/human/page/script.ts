/** What runs in the page: ES2020, no libraries. All text from the server goes in as text. */
export const script = `
"use strict";
const byId = (id) => document.getElementById(id);
const sections = ["gate", "item", "finished"].map(byId);
const show = (wanted) => { for (const section of sections) section.hidden = section !== wanted; };
const say = (text) => { byId("message").textContent = text; };

// A pause after so many pairs, and when nobody seems to be there.
const block = 20;
let scene;              // what the server wants shown
let open = false;       // a pair is on the page and its clock runs
let shownAt = 0;
let sinceGate = 0;
let timeouts = 0;
let gated = true;       // the clock starts when a person says so
let lastSitting;

const request = async (path, options) => {
  const response = await fetch(path, { cache: "no-store", ...options });
  if (response.ok || response.status === 409) return response.json();
  throw new Error(await response.text());
};
const lost = (error) => {
  open = false;
  show(undefined);
  say(error instanceof TypeError
    ? "The server has stopped. Your answers are kept: start the same command again and open the address that it prints."
    : String(error.message));
};

const update = (next) => {
  scene = next;
  if (scene.kind === "item") return scene.sitting === lastSitting && !gated ? present() : gate();
  open = false;
  byId("left-over").style.width = "0";
  if (scene.kind === "finished") return finish();
  byId("count").textContent = "";
  gated = true;
  show(undefined);
  say(scene.text);
  setTimeout(poll, 1000);
};
const poll = () => request("scene").then(update).catch(lost);

const gate = () => {
  const begun = lastSitting === scene.sitting;
  lastSitting = scene.sitting;
  gated = true;
  open = false;
  const left = scene.total - scene.done;
  const seconds = Math.round(scene.clockMs / 1000);
  byId("sitting").textContent = scene.sitting;
  byId("count").textContent = scene.done + " of " + scene.total;
  byId("left-over").style.width = "0";
  byId("gate-title").textContent = begun ? "A pause" : "Which answer is better?";
  byId("gate-text").textContent = (begun ? "" :
    "You see a question and two answers. Take the better one with the left or right arrow key, or u if you cannot say. ")
    + left + (left === 1 ? " pair" : " pairs") + " to go, " + seconds + (seconds === 1 ? " second" : " seconds") + " for each. The clock starts when you do.";
  show(byId("gate"));
  say("");
  byId("go").focus();
};
const begin = () => {
  gated = false;
  sinceGate = 0;
  timeouts = 0;
  present();
};

const present = () => {
  byId("sitting").textContent = scene.sitting;
  byId("count").textContent = (scene.done + 1) + " of " + scene.total;
  byId("question").textContent = scene.question;
  byId("left").querySelector(".text").textContent = scene.left;
  byId("right").querySelector(".text").textContent = scene.right;
  byId("left-over").className = "";
  byId("item").ariaBusy = "true";
  show(byId("item"));
  if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
  // Time runs from when the pair can be seen.
  requestAnimationFrame((now) => {
    shownAt = now;
    open = true;
    byId("item").ariaBusy = "false";
    tick(now);
  });
};
const tick = (now) => {
  if (!open) return;
  const rest = scene.clockMs - (now - shownAt);
  if (rest <= 0) return answer("timeout");
  const bar = byId("left-over");
  bar.style.width = (100 * rest / scene.clockMs) + "%";
  bar.classList.toggle("late", rest < 0.25 * scene.clockMs);
  requestAnimationFrame(tick);
};

const answer = async (choice) => {
  if (!open) return;
  open = false;
  const responseMs = choice === "timeout" ? scene.clockMs : Math.max(0, performance.now() - shownAt);
  timeouts = choice === "timeout" ? timeouts + 1 : 0;
  sinceGate += 1;
  if (sinceGate >= block || timeouts >= 2) gated = true;
  say(choice === "timeout" ? "Time is up: counted as no preference." : "");
  const body = JSON.stringify({ pair: scene.pair, choice, responseMs });
  try {
    update(await request("judgement", { method: "POST", headers: { "content-type": "application/json" }, body }));
  } catch (error) {
    lost(error);
  }
};

const finish = () => {
  byId("sitting").textContent = "";
  byId("count").textContent = "";
  byId("finished-title").textContent = scene.title;
  const rows = scene.rows.map(({ what, value, note }) => {
    const row = document.createElement("tr");
    for (const text of [what, value, note || ""]) row.append(Object.assign(document.createElement("td"), { textContent: text }));
    return row;
  });
  byId("rows").replaceChildren(...rows);
  show(byId("finished"));
  say("That is all; the page can be closed.");
};

byId("go").addEventListener("click", begin);
for (const choice of ["left", "right", "unsure"]) byId(choice).addEventListener("click", () => answer(choice));
const keys = { ArrowLeft: "left", ArrowRight: "right", ArrowDown: "unsure", u: "unsure", U: "unsure", "1": "left", "2": "right" };
addEventListener("keydown", (event) => {
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
  if (open && keys[event.key]) {
    event.preventDefault();
    void answer(keys[event.key]);
  } else if (!byId("gate").hidden && event.key === " ") {
    event.preventDefault();
    begin();
  }
});
void poll();
`;

/** A run that is killed, whoever is hit and whenever, goes on where it stopped and ends as if nothing had happened. */
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, it } from "vitest";
import { count, faultRandom, tries } from "./tally.js";
import { differences, orphansOf, type Run, type TinyProject, tinyProject } from "./tiny-project.js";

let project: TinyProject;
let undisturbed: Readonly<Record<string, string>>;
/** What an undisturbed run takes, in ms: kills are spread over it. */
let duration = 0;

const run = (): Run => project.start(["run", project.config, "--out", `${project.folder}/out`]);

beforeAll(async () => {
  project = tinyProject();
  const begin = performance.now();
  const first = run();
  if ((await first.ended) !== 0) throw new Error(first.output());
  duration = performance.now() - begin;
  undisturbed = project.outcome();
});
afterAll(() => project?.remove());

/** Kills what it should of a run; false if there was nothing to kill. */
type Kill = (run: Run) => boolean;

const kills: Readonly<Record<string, Kill>> = {
  "the client": ({ child }) => child.kill("SIGKILL"),
  "the client and all its workers at once": ({ child }) => process.kill(-child.pid!, "SIGKILL"),
  "a worker": (victim) => {
    const worker = victim.processes().find(({ command }) => command.includes("embedded-worker"));
    return worker !== undefined && process.kill(worker.pid, "SIGKILL");
  },
};

/** Runs and kills until `wanted` kills have hit; every run that ends is held against the undisturbed one. */
async function torment(
  kill: Kill,
  wanted: number,
  name: string,
): Promise<{ lost: string[]; wrong: string[]; finished: number }> {
  const random = faultRandom("crash", name);
  const [lost, wrong]: [string[], string[]] = [[], []];
  let [hits, finished] = [0, 0];
  let known: ReadonlyMap<string, string> = new Map();
  project.empty();
  for (let attempt = 0; attempt < 10 * wanted; attempt++) {
    const last = hits >= wanted;
    const running = run();
    let isOver = false;
    const ending = running.ended.finally(() => (isOver = true));
    if (!last) await Promise.race([pause(random.next() * duration * 1.1), ending]);
    const hit = !last && !isOver && kill(running);
    if (hit) hits++;
    const code = await ending;
    wrong.push(...(await orphansOf(running)));
    if (code !== 0 && (!hit || (code !== null && !running.output().includes("error [step-failed]"))))
      wrong.push(`exit code ${code}: ${running.output().slice(-500)}`);
    const records = project.records();
    for (const [key, record] of known) if (records.get(key) !== record) lost.push(`step ${key} was run again`);
    known = records;
    if (code !== 0) continue;
    finished++;
    wrong.push(...differences(undisturbed, project.outcome()), ...project.leftovers());
    if (last) return { lost, wrong, finished };
    project.empty();
    known = new Map();
  }
  throw new Error(`${hits} of ${wanted} kills hit`);
}

describe("SIGKILL", () => {
  it.for([
    ["the client", tries(2, 80)],
    ["the client and all its workers at once", tries(1, 40)],
    ["a worker", tries(2, 80)],
  ] as const)("of %s: the run goes on where it stopped", async ([whom, wanted], { task }) => {
    const { lost, wrong, finished } = await torment(kills[whom]!, wanted, whom);
    for (const problem of [...lost, ...wrong]) console.error(problem);
    count(task, {
      fault: `SIGKILL of ${whom}`,
      tries: wanted,
      lost: lost.length,
      wrong: wrong.length,
      note: `${finished} runs ended`,
    });
  });
});

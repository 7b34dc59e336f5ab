import { existsSync, readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { WORKER_OPTIONS } from "../../kernel-lib/src/backends/embedded-process.js";
import { type Backend, type EmbeddedOptions, embeddedBackend } from "../../kernel-lib/src/backends/index.js";
import type { LabError } from "../../kernel-lib/src/core/index.js";
import { greedy, type Lab, lab } from "./fixtures.js";
import { isRunning, startScript } from "./scripts.js";

const engineModule = new URL("fake-trainer.ts", import.meta.url).href;
const open: Backend[] = [];

function embedded(options: EmbeddedOptions = {}): Backend {
  const backend = embeddedBackend({ engineModule, identity: "fake", graceMs: 300, ...options });
  open.push(backend);
  return backend;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((backend) => backend.close()));
});

async function failureOf(promise: Promise<unknown>): Promise<LabError> {
  return promise.then(
    () => expect.unreachable("the step should fail"),
    (error: LabError) => error,
  );
}

const sample = ({ runner, inputs }: Lab, seed: number) =>
  runner.step("sample", greedy, inputs, { seed, label: `seed ${seed}` });

/** The worker that ran each step, from the note it left. */
async function workersOf({ store }: Lab): Promise<readonly number[]> {
  const records = await store.records();
  return records.map(({ events }) => Number(events.notes.at(-1)!.split(" ")[1]));
}

describe("the embedded backend", () => {
  it("runs steps in warm processes of its own, and passes their events on", async () => {
    const one = await lab({ backend: embedded({ workers: 1 }) });
    await sample(one, 0);
    await sample(one, 1);
    const workers = await workersOf(one);
    expect(new Set(workers).size).toBe(1);
    expect(workers[0]).not.toBe(process.pid);
    expect(one.activities.filter(({ type }) => type === "event")).toHaveLength(6);
    await one.backend.close();
  });

  it("runs as many steps side by side as it has workers", async () => {
    const two = await lab({ backend: embedded({ workers: 2 }), orders: ["sleep 400"] });
    await Promise.all([sample(two, 0), sample(two, 1), sample(two, 2)]);
    expect(new Set(await workersOf(two)).size).toBe(2);
  });

  it("turns a crash into a typed error with the last words, and goes on with a new worker", async () => {
    const backend = embedded({ workers: 1 });
    const crashing = await lab({ backend, orders: ["crash"] });
    const error = await failureOf(sample(crashing, 0));
    expect(error.code).toBe("step-failed");
    expect(error.message).toMatch(/killed by SIGKILL.*these are the last words/s);
    expect(error.hint).toContain("memory");
    const log = (await crashing.store.readLog(crashing.runner.keys()[0]!))!;
    expect(log).toContainEqual(expect.objectContaining({ event: { type: "note", text: "about to crash" } }));
    expect(await crashing.store.records()).toEqual([]);
    expect((await failureOf(sample(await lab({ backend, orders: ["exit"] }), 0))).message).toContain("exit code 3");
    expect((await sample(await lab({ backend }), 0)).answers!.rows).toBe(1);
  });

  it("lets typed errors cross the process boundary", async () => {
    const backend = embedded({ workers: 1 });
    const diverging = await failureOf(sample(await lab({ backend, orders: ["diverge"] }), 0));
    expect(diverging).toMatchObject({ code: "training-diverged" });
    expect(diverging.hint).toContain("lower the learning rate");
    const failing = await failureOf(sample(await lab({ backend, orders: ["fail"] }), 0));
    expect(failing).toMatchObject({ code: "step-failed" });
    expect(failing.message).toContain("the fake trainer failed");
    expect((await failureOf(sample(await lab({ backend, orders: ["garbage"] }), 0))).code).toBe("store-full");
    expect((await failureOf(sample(await lab({ backend, orders: ["forget"] }), 0))).message).toContain("is missing");
  });

  it("asks a cancelled step to stop, and keeps the worker", async () => {
    const controller = new AbortController();
    const backend = embedded({ workers: 1, graceMs: 5000 });
    const sleeping = await lab({ backend, orders: ["sleep 60000"], signal: controller.signal });
    const step = failureOf(sample(sleeping, 0));
    await started(sleeping);
    controller.abort();
    expect((await step).code).toBe("cancelled");
    expect(await readdir(join(sleeping.store.root, "work"))).toEqual([]);
    expect(await readdir(join(sleeping.store.root, "logs"))).toEqual([]);
    const next = await lab({ backend });
    await sample(next, 0);
    expect(notesOf(next)).toEqual(notesOf(sleeping));
  });

  it("kills a step that does not listen", async () => {
    const controller = new AbortController();
    const deaf = await lab({ backend: embedded({ workers: 1 }), orders: ["deaf 60000"], signal: controller.signal });
    const step = failureOf(sample(deaf, 0));
    await started(deaf);
    const begin = performance.now();
    controller.abort();
    expect((await step).code).toBe("cancelled");
    expect(performance.now() - begin).toBeLessThan(5000);
  });

  it("refuses a wrong number of workers by name", () => {
    expect(() => embeddedBackend({ workers: 0 })).toThrow(/workers is 0; expected a whole number from 1/);
    process.env.ILR_WORKERS = "many";
    try {
      expect(() => embeddedBackend()).toThrow(/ILR_WORKERS is NaN/);
    } finally {
      delete process.env.ILR_WORKERS;
    }
  });

  it("has workers that do not outlive their owner, and do not keep it alive", async () => {
    const { store } = await lab();
    const script = startScript("run-step.ts", { STORE: store.root, ORDER: "sleep 60000", BACKEND: "embedded" });
    const worker = Number((await script.line("note")).split(" ").at(-1));
    expect(isRunning(worker)).toBe(true);
    script.child.kill("SIGKILL");
    await script.ended;
    for (let tries = 0; isRunning(worker) && tries < 100; tries++) await pause(50);
    expect(isRunning(worker)).toBe(false);
    // Without close(), the idle worker must not hold the process.
    const quiet = startScript("run-step.ts", { STORE: store.root, ORDER: "idle", BACKEND: "embedded" });
    expect(await quiet.ended).toBe(0);
  });
});

/** The notes of steps: which process ran them. */
function notesOf({ activities }: Lab): readonly string[] {
  return activities.flatMap((activity) =>
    activity.type === "event" && activity.event.type === "note" ? [activity.event.text] : [],
  );
}

/** Waits for the first event of a step. */
async function started({ activities }: Lab): Promise<void> {
  while (!activities.some(({ type }) => type === "event")) await pause(20);
  await pause(50);
}

describe("the real engine", () => {
  it("is what a worker loads by default", async () => {
    const engine = fileURLToPath(new URL("../../kernel-lib/src/engine/index.ts", import.meta.url));
    if (!existsSync(engine)) return;
    expect(readFileSync(engine, "utf8")).toContain("runStep");
    const backend = embeddedBackend({ workers: 1 });
    open.push(backend);
    const error = await failureOf(sample(await lab({ backend }), 0));
    // The model is not a model: the engine says so, which shows that it was loaded.
    expect(error.message).not.toContain("Cannot find module");
    expect(error.message).not.toContain("is not a function");
  });
});

it("has the same options of Node in its image", () => {
  const text = readFileSync(fileURLToPath(new URL("../../containers/embedded/Dockerfile", import.meta.url)), "utf8");
  const [, entry] = /^ENTRYPOINT (.*)$/m.exec(text)!;
  expect(JSON.parse(entry!).slice(1, -1)).toEqual(WORKER_OPTIONS);
});

/** Jobs outlive the client that submitted them, are found again, and never run twice; with a Slurm that the test may rob of its memory. */
import { existsSync, mkdirSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Backend, listStepJobs, reapJobs, stopJobs } from "../../kernel-lib/src/backends/index.js";
import { rememberedJob } from "../../kernel-lib/src/backends/slurm/queue.js";
import { openStore } from "../../kernel-lib/src/store/index.js";
import { greedy, lab, temporaryFolder, temporaryStore } from "./fixtures.js";
import { type Script, startScript } from "./scripts.js";
import {
  aliveJobs,
  canStartSlurm,
  insteadOfSbatch,
  ownSlurm,
  scriptedSlurm,
  slurmSays,
  starts,
  ticks,
} from "./slurm-fixtures.js";

const cluster = canStartSlurm() ? ownSlurm() : undefined;
const opened: Backend[] = [];
const path = process.env.PATH;

beforeAll(() => cluster?.start());
afterAll(() => cluster?.stop());
afterEach(async () => {
  process.env.PATH = path;
  await Promise.all(opened.splice(0).map((backend) => backend.close()));
});

async function slurm(): Promise<Backend> {
  const backend = await scriptedSlurm();
  opened.push(backend);
  return backend;
}

/** A client in a process of its own, which dies after a word of its job. */
async function killedClient(root: string, order: string, word = "note tick 3"): Promise<Script> {
  const script = startScript("run-step.ts", { STORE: root, ORDER: order, BACKEND: "slurm" });
  await script.line(word);
  script.child.kill("SIGKILL");
  await script.ended;
  return script;
}

describe.skipIf(!cluster)("jobs that outlive their client (needs root, slurm-wlm and munge)", () => {
  /** The step once more, by a client that lives. */
  const collect = async (root: string, order: string) => {
    const next = await lab({ store: await openStore(root), backend: await slurm(), orders: [order] });
    await next.runner.step("sample", greedy, next.inputs, { seed: 0, label: "again" });
    return next.activities.flatMap((activity) =>
      activity.type === "event" && activity.event.type === "note" ? [activity.event.text] : [],
    );
  };

  it("are found again, and their log is read from its beginning", async () => {
    const { store } = await temporaryStore();
    const order = `mark ${join(await temporaryFolder(), "marks")} 40 100`;
    await killedClient(store.root, order);
    const [before] = await listStepJobs(store.root);
    expect(before).toMatchObject({ state: "RUNNING", verb: "sample", owner: { isAlive: false }, lost: 0 });
    expect(await collect(store.root, order)).toEqual(ticks(40));
    expect(starts(order.split(" ")[1]!)).toBe(1);
    expect(await listStepJobs(store.root)).toEqual([]);
    expect(await readdir(join(store.root, "detached"))).toEqual([]);
  });

  it("are found by name, if their client died before it knew their number", async () => {
    const { store } = await temporaryStore();
    const order = `mark ${join(await temporaryFolder(), "marks")} 10 100`;
    process.env.PATH = insteadOfSbatch(await temporaryFolder(), '"$REAL" "$@" >/dev/null; kill -9 $PPID');
    await startScript("run-step.ts", { STORE: store.root, ORDER: order, BACKEND: "slurm" }).ended;
    process.env.PATH = path;
    expect(JSON.stringify(await listStepJobs(store.root))).toMatch(/"id":"\d+"/);
    expect(await collect(store.root, order)).toEqual(ticks(10));
    expect(starts(order.split(" ")[1]!)).toBe(1);
  });

  it("never run twice, even where sbatch was late by the life of its client", async () => {
    const { store } = await temporaryStore();
    const file = join(await temporaryFolder(), "marks");
    const order = `mark ${file} 3 50`;
    const folder = await temporaryFolder();
    process.env.PATH = insteadOfSbatch(
      await temporaryFolder(),
      `kill -9 $PPID; cp "\${@: -1}" ${folder}/job.sh; while [ ! -e ${folder}/go ]; do sleep 0.1; done; "$REAL" "\${@:1:$#-1}" ${folder}/job.sh >${folder}/id 2>&1`,
    );
    startScript("run-step.ts", { STORE: store.root, ORDER: order, BACKEND: "slurm" });
    while (!existsSync(join(folder, "job.sh"))) await pause(50);
    process.env.PATH = path;
    // Looked for while the late one is still on its way; its job comes while the new one runs, or after it.
    const notesOf = collect(store.root, order);
    while (starts(file) === 0) await pause(20);
    mkdirSync(join(folder, "go"));
    expect(await notesOf).toContain("tick 3");
    while (!existsSync(join(folder, "id"))) await pause(50);
    while (aliveJobs().length > 0) await pause(100);
    expect(starts(file)).toBe(1);
  }, 300_000);

  it("are neither failed nor done when Slurm has forgotten them: their files decide", async () => {
    const { store } = await temporaryStore();
    const file = join(await temporaryFolder(), "marks");
    // More ticks than a client lives to hear.
    const done = `mark ${file} 10 100`;
    await killedClient(store.root, done);
    while (aliveJobs().length > 0) await pause(100);
    const cut = `mark ${file}-cut 20 50 2`;
    const { store: other } = await temporaryStore();
    await killedClient(other.root, cut);
    cluster!.do("forget");
    // One had ended well: collected. The other ran: the new controller ends what it does not know, and it runs again.
    expect(await collect(store.root, done)).toEqual(ticks(10));
    expect(starts(file)).toBe(1);
    const heard = await collect(other.root, cut);
    expect(heard.slice(-20)).toEqual(ticks(20));
    expect(heard.join()).toMatch(/job \d+ (was stopped, and Slurm no longer knows why|is unknown to Slurm)/);
    expect(starts(`${file}-cut`)).toBe(2);
  }, 300_000);

  it("are known to the accounts after the controller has forgotten them", async () => {
    const id = slurmSays(
      "sbatch",
      "--parsable",
      "--job-name=ilr-accounts",
      "--output=/dev/null",
      "--wrap=exit 3",
    ).trim();
    while (aliveJobs().includes(id)) await pause(100);
    await pause(500);
    cluster!.do("forget");
    expect(await rememberedJob(id, undefined, "ilr-accounts")).toMatchObject({
      state: "FAILED",
      node: expect.stringMatching(/^n[12]$/),
    });
    // Numbers are given again: the name decides.
    expect(await rememberedJob(id, undefined, "ilr-another")).toBeUndefined();
    expect(await rememberedJob("424242", undefined, "ilr-accounts")).toBeUndefined();
  });

  it("are stopped and reaped by their store", async () => {
    const { store } = await temporaryStore();
    await killedClient(store.root, "tick 600 100");
    const isRecorded = async (): Promise<boolean> => false;
    expect(await reapJobs({ store: store.root, afterMs: 0, isRecorded })).toEqual([]);
    const jobs = await listStepJobs(store.root);
    await stopJobs(jobs);
    while (aliveJobs().length > 0) await pause(100);
    expect(await listStepJobs(store.root)).toEqual([]);
    expect(await readdir(join(store.root, "detached"))).toEqual([]);

    await killedClient(store.root, "tick 8 100");
    while (aliveJobs().length > 0) await pause(100);
    expect(await reapJobs({ store: store.root, afterMs: 3_600_000, isRecorded })).toEqual([]);
    expect(await reapJobs({ store: store.root, afterMs: 0, isRecorded })).toMatchObject([
      { reason: "nobody collected it" },
    ]);
    expect(await readdir(join(store.root, "detached"))).toEqual([]);
  });
});

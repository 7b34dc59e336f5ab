import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createRunner } from "../../kernel-lib/src/backends/index.js";
import { openStore, type Store } from "../../kernel-lib/src/store/index.js";
import { greedy, type Lab, lab, plainBackend, temporaryFolder } from "../backends/fixtures.js";

const DAY = 24 * 3_600_000;

/** The same store two days later. */
const later = (store: Store): Promise<Store> => openStore(store.root, { clock: () => Date.now() + 2 * DAY });

/** Trains a model and samples from it, for a seed; returns the keys. */
async function chain({ runner, inputs }: Lab, seed: number): Promise<{ sft: string; sample: string }> {
  const { model } = await runner.step(
    "sft",
    { epochs: 1, batchSize: 1, optimizer: { name: "adamw", lr: 1 } },
    { model: inputs.model, demonstrations: inputs.prompts },
    { seed, label: "sft" },
  );
  const { answers } = await runner.step(
    "sample",
    greedy,
    { model: model!, prompts: inputs.prompts },
    { seed, label: "sample" },
  );
  return { sft: model!.madeBy!, sample: answers!.madeBy! };
}

describe("garbage collection", () => {
  it("keeps what a kept step reaches, its inputs and their makers, and removes the rest", async () => {
    const one = await lab();
    const kept = await chain(one, 1);
    const dropped = await chain(one, 2);
    const { ref: alone } = await one.store.putBytes("nobody needs this");
    const { ref: pinned } = await one.store.putBytes("this was asked for");
    const store = await later(one.store);
    const dry = await store.gc({ keep: [kept.sample, pinned], dryRun: true });
    expect(await store.verify(alone, "size")).toEqual([]);
    const report = await store.gc({ keep: [kept.sample, pinned] });
    expect(report).toEqual(dry);
    expect([...report.removedRecords].sort()).toEqual(Object.values(dropped).sort());
    expect(report.removedBytes).toBeGreaterThan(0);
    expect(await store.verify(alone, "size")).toMatchObject([{ problem: "missing" }]);
    expect(await store.verify(pinned, "bytes")).toEqual([]);
    for (const key of Object.values(kept)) expect(await store.lookup(key)).toBeDefined();
    for (const key of Object.values(dropped)) expect(await store.lookup(key)).toBeUndefined();
    for (const input of Object.values(one.inputs)) expect(await store.verify(input.ref!, "bytes")).toEqual([]);
    expect(await store.verifyAll()).toMatchObject({ records: 2, damaged: [], lostRecords: [] });
    // Nothing of what is kept runs again.
    const runner = createRunner({ store, backend: plainBackend() });
    await chain({ ...one, runner }, 1);
    expect(runner.counts().steps).toEqual({ executed: 0, cached: 2 });
  });

  it("never removes what is young, or was used within the grace period", async () => {
    const one = await lab();
    const keys = await chain(one, 1);
    expect((await one.store.gc({ keep: [] })).removedFiles).toBe(0);
    const store = await later(one.store);
    await store.lookup(keys.sample);
    const report = await store.gc({ keep: [] });
    expect(report.removedRecords).toEqual([]);
    expect(await store.lookup(keys.sft)).toBeDefined();
  });

  it("never removes what a run has used, however long ago, while the run goes on", async () => {
    const one = await lab({ store: await openStore(join(await temporaryFolder(), "store"), { graceMs: 400 }) });
    const keys = await chain(one, 1);
    const stop = one.store.keepInUse(one.runner.keys);
    await pause(1000);
    await one.store.gc({ keep: [] });
    expect(await one.store.lookup(keys.sft)).toBeDefined();
    stop();
    await pause(1000);
    await one.store.gc({ keep: [] });
    expect(await one.store.lookup(keys.sft)).toBeUndefined();
  });

  it("spares what a live lock protects", async () => {
    const one = await lab();
    const { ref } = await one.store.putBytes("an input of a running step");
    const lock = (await one.store.tryLock("b".repeat(64), [ref]))!;
    // The lease is the other clock's, so that the lock is live for the collector.
    const store = await openStore(one.store.root, { clock: () => Date.now() + 2 * DAY, leaseMs: 3 * DAY });
    await store.gc({ keep: [] });
    expect(await store.verify(ref, "bytes")).toEqual([]);
    await lock.release();
    await store.gc({ keep: [] });
    expect(await store.verify(ref, "bytes")).toMatchObject([{ problem: "missing" }]);
  });

  it("tidies old locks, logs and leftovers", async () => {
    const one = await lab({ orders: ["fail"] });
    await one.runner.step("sample", greedy, one.inputs, { seed: 0, label: "x" }).catch(() => {});
    const count = async (folder: string): Promise<number> => (await readdir(join(one.store.root, folder))).length;
    expect([await count("locks"), await count("logs")]).toEqual([1, 1]);
    await one.store.gc({ keep: [] });
    expect([await count("locks"), await count("logs")]).toEqual([1, 1]);
    await (await later(one.store)).gc({ keep: [] });
    expect([await count("locks"), await count("logs")]).toEqual([0, 0]);
  });

  it("beside running jobs loses nothing", async () => {
    const one = await lab();
    // No grace at all, and collections all the time: whatever is not protected otherwise would go.
    const collector = await openStore(one.store.root, { graceMs: 5 });
    const finished: string[] = [];
    let running = true;
    const collecting = (async () => {
      while (running) await collector.gc({ keep: [...finished, one.inputs.model.ref!, one.inputs.prompts.ref!] });
    })();
    for (let seed = 0; seed < 12; seed++) {
      const { answers } = await one.runner.step("sample", greedy, one.inputs, { seed, label: "x" });
      finished.push(answers!.madeBy!);
    }
    running = false;
    await collecting;
    // A result that was collected before it was listed runs again; what is there is whole.
    expect((await one.store.verifyAll()).damaged).toEqual([]);
    for (let seed = 0; seed < 12; seed++) {
      const { answers } = await one.runner.step("sample", greedy, one.inputs, { seed, label: "x" });
      expect(await one.runner.read(answers!)).toMatchObject([{ answer: String(seed) }]);
    }
  });
});

import { mkdir, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { openStore, type Store } from "../../kernel-lib/src/store/index.js";
import { temporaryStore } from "../backends/fixtures.js";

const key = "a".repeat(64);

/** Makes a lock as another process would have it. */
async function foreignLock(store: Store, change: Record<string, unknown>, age = 0): Promise<void> {
  const lock = (await store.tryLock(key))!;
  const folder = join(store.root, "locks", key);
  const [generation] = await readdir(folder);
  const owner = JSON.parse(await readFile(join(folder, generation!), "utf8")) as object;
  await lock.release();
  await writeFile(join(folder, generation!), JSON.stringify({ ...owner, ...change }));
  const then = (Date.now() - age) / 1000;
  await utimes(join(folder, generation!), then, then);
}

describe("a lock", () => {
  it("has one owner at a time, and leaves one file a key", async () => {
    const { store } = await temporaryStore();
    for (let round = 0; round < 4; round++) {
      const tries = await Promise.all(Array.from({ length: 8 }, () => store.tryLock(key)));
      const held = tries.filter((lock) => lock !== undefined);
      expect(held).toHaveLength(1);
      expect(await store.tryLock(key)).toBeUndefined();
      await held[0]!.release();
    }
    expect(await readdir(join(store.root, "locks", key))).toHaveLength(1);
  });

  it("never has two owners, whatever the interleaving", async () => {
    const { store } = await temporaryStore();
    let [inside, entered] = [0, 0];
    const worker = async (): Promise<void> => {
      const other = await openStore(store.root);
      for (let turn = 0; turn < 10; turn++) {
        const lock = (await other.waitForLock(key))!;
        expect(++inside).toBe(1);
        entered++;
        await pause(Math.random() * 3);
        inside--;
        await lock.release();
      }
    };
    await Promise.all(Array.from({ length: 4 }, worker));
    expect(entered).toBe(40);
  });

  it("that a process died writing holds nobody up, and is tidied away", async () => {
    const { store } = await temporaryStore();
    const folder = join(store.root, "locks", key);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "draft-0123456789abcdef"), '{"pid":');
    expect(await store.tryLock(key)).toBeDefined();
    expect(await readdir(folder)).toEqual(["1"]);
  });

  it("of a dead owner is taken over at once", async () => {
    const { store, warnings } = await temporaryStore();
    await foreignLock(store, { pid: 4194304 });
    expect(await store.tryLock(key)).toBeDefined();
    expect(warnings.join()).toContain("has died");
  });

  it("of a process that has the pid of a dead owner is taken over", async () => {
    const { store } = await temporaryStore();
    await foreignLock(store, { pid: process.pid, start: 1 });
    expect(await store.tryLock(key)).toBeDefined();
  });

  it("of another host counts until it was seen unchanged for a lease", async () => {
    const { store, warnings } = await temporaryStore({ leaseMs: 200 });
    await foreignLock(store, { host: "elsewhere", pid: 4194304 });
    expect(await store.tryLock(key)).toBeUndefined();
    expect(await store.waitForLock(key)).toBeDefined();
    expect(warnings.join()).toContain("no sign of life");
  });

  it("of an owner with a clock ahead of ours is taken over when it stops moving", async () => {
    const { store } = await temporaryStore({ leaseMs: 200 });
    await foreignLock(store, { host: "elsewhere" }, -3_600_000);
    const begin = performance.now();
    expect(await store.waitForLock(key)).toBeDefined();
    expect(performance.now() - begin).toBeGreaterThan(200);
  });

  it("half-written by a dead process counts until its lease has expired", async () => {
    const { store } = await temporaryStore({ leaseMs: 200 });
    await (await store.tryLock(key))!.release();
    await writeFile(join(store.root, "locks", key, "2"), "");
    expect(await store.tryLock(key)).toBeUndefined();
    expect(await store.waitForLock(key)).toBeDefined();
  });

  it("is renewed for as long as it is held", async () => {
    const { store } = await temporaryStore({ leaseMs: 1000 });
    const lock = (await store.tryLock(key))!;
    await pause(1500);
    expect(await (await openStore(store.root, { leaseMs: 1000 })).tryLock(key)).toBeUndefined();
    await lock.release();
  });

  it("tells its owner when it is lost", async () => {
    const { store } = await temporaryStore({ leaseMs: 100 });
    const lock = (await store.tryLock(key))!;
    // Somebody decided that we are dead.
    await writeFile(join(store.root, "locks", key, "2"), "{}");
    while (!lock.lost.aborted) await pause(10);
    await lock.release();
    expect((await readdir(join(store.root, "locks", key))).includes("2")).toBe(true);
  });

  it("is not waited for longer than the caller wants", async () => {
    const { store } = await temporaryStore();
    const lock = (await store.tryLock(key))!;
    await expect(store.waitForLock(key, { signal: AbortSignal.timeout(50) })).rejects.toMatchObject({
      code: "cancelled",
    });
    let asked = 0;
    expect(await store.waitForLock(key, { isDone: async () => ++asked > 2 })).toBeUndefined();
    await lock.release();
  });
});

describe("a clock that jumps", () => {
  const HOUR = 3_600_000;

  it.each([
    HOUR,
    -HOUR,
    30 * 24 * HOUR,
    -60 * 365 * 24 * HOUR,
  ])("by %i ms takes no lock from a living owner", async (jump) => {
    const { store } = await temporaryStore({ leaseMs: 300 });
    const lock = (await store.tryLock(key))!;
    const jumped = await openStore(store.root, { leaseMs: 300, clock: () => Date.now() + jump });
    expect(await jumped.tryLock(key)).toBeUndefined();
    const waiting = jumped.waitForLock(key, { signal: AbortSignal.timeout(900) });
    await expect(waiting).rejects.toMatchObject({ code: "cancelled" });
    expect(lock.lost.aborted).toBe(false);
    await lock.release();
    // And the other way round: the owner's clock is the one that jumped.
    const other = (await jumped.tryLock(key))!;
    expect(await store.tryLock(key)).toBeUndefined();
    await expect(store.waitForLock(key, { signal: AbortSignal.timeout(900) })).rejects.toThrow();
    expect(other.lost.aborted).toBe(false);
    await other.release();
    expect(await store.tryLock(key)).toBeDefined();
  });

  it("forward by months does not let the collector take what a living process uses", async () => {
    const { store } = await temporaryStore();
    const { ref } = await store.putBytes("an input of a running step");
    await store.tryLock(key, [ref]);
    const jumped = await openStore(store.root, { clock: () => Date.now() + 90 * 24 * HOUR });
    await jumped.gc({ keep: [] });
    expect(await store.verify(ref, "bytes")).toEqual([]);
  });
});

import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json } from "../../kernel-lib/src/core/index.js";
import { openMemo, openStore, type Store } from "../../kernel-lib/src/store/index.js";
import { temporaryFolder, testStore } from "./judge-server.js";

/** Every entry of a store's memos. */
async function entries(store: Store): Promise<readonly string[]> {
  const folder = join(store.root, "answers");
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  return names.filter((name) => name.endsWith(".json")).map((name) => join(folder, name));
}

async function overwrite(path: string, text: string): Promise<void> {
  const { chmod } = await import("node:fs/promises");
  await chmod(path, 0o644);
  await writeFile(path, text);
}

describe("a memo", () => {
  it("gives back what was put, by the question's content", async () => {
    const { store } = await testStore();
    const memo = openMemo(store, "test");
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), fc.jsonValue(), async (question, answer) => {
        const [q, a] = [question, answer].map((value) => JSON.parse(JSON.stringify(value)) as Json) as [Json, Json];
        await memo.put(q, a);
        expect(await openMemo(store, "test").get(q)).toEqual(a);
      }),
      { numRuns: 50 },
    );
    expect(await memo.get({ never: "asked" })).toBeUndefined();
    expect(await openMemo(store, "other").get(null)).toBeUndefined();
  });

  it("asks for what it does not know, once, and then knows it", async () => {
    const { store } = await testStore();
    let asked = 0;
    const ask = async (): Promise<Json> => ++asked;
    const memo = openMemo(store, "test");
    expect(await memo.recall("q", ask)).toEqual({ answer: 1, known: false });
    expect(await memo.recall("q", ask)).toEqual({ answer: 1, known: true });
    expect(asked).toBe(1);
  });

  it("asks again after a failure, and keeps nothing of it", async () => {
    const { store } = await testStore();
    const memo = openMemo(store, "test");
    await expect(memo.recall("q", () => Promise.reject(new Error("no")))).rejects.toThrowError("no");
    expect(await entries(store)).toEqual([]);
    expect(await memo.recall("q", async () => "yes")).toEqual({ answer: "yes", known: false });
  });

  it("ignores a damaged entry aloud, keeps it for people, and asks again", async () => {
    const whole = async (store: Store): Promise<string> => readFile((await entries(store))[0]!, "utf8");
    const damages: readonly ((text: string) => string)[] = [
      () => "",
      () => "not JSON",
      (text) => text.slice(0, text.length / 2),
      (text) => text.replace('"answer":0.25', '"answer":0.75'),
      (text) => text.replace('"question":"q"', '"question":"other"'),
      () => "null",
    ];
    for (const damage of damages) {
      const { store, warnings } = await testStore();
      const memo = openMemo(store, "test");
      await memo.put("q", 0.25);
      await overwrite((await entries(store))[0]!, damage(await whole(store)));
      expect(await memo.recall("q", async () => 0.5)).toEqual({ answer: 0.5, known: false });
      expect(warnings).toEqual([expect.stringContaining('an answer of the memo "test" is damaged')]);
      expect(await readdir(join(store.root, "quarantine"))).toHaveLength(1);
      expect(await memo.get("q")).toBe(0.5);
    }
  });

  it("does not take an entry for another question's", async () => {
    const { store, warnings } = await testStore();
    const memo = openMemo(store, "test");
    await memo.put("one", 1);
    const [one] = await entries(store);
    await memo.put("two", 2);
    const two = (await entries(store)).find((path) => path !== one)!;
    await overwrite(two, await readFile(one!, "utf8"));
    expect(await memo.get("two")).toBeUndefined();
    expect(warnings).toHaveLength(1);
  });

  it("is spared by the collector, and a verification finds nothing wrong", async () => {
    const { store } = await testStore();
    const late = await openStore(store.root, { clock: () => Date.now() + 1e12 });
    await openMemo(store, "test").put("q", "paid for");
    await late.gc({ keep: [] });
    expect(await store.verifyAll()).toMatchObject({ damaged: [], lostRecords: [] });
    expect(await openMemo(store, "test").get("q")).toBe("paid for");
  });

  it("leaves no half-written entry and no temporary file", async () => {
    const { store } = await testStore();
    const memo = openMemo(store, "test");
    await Promise.all(Array.from({ length: 50 }, (_, i) => memo.put({ i: i % 5 }, { i })));
    expect(await entries(store)).toHaveLength(5);
    expect(await readdir(join(store.root, "tmp"))).toEqual([]);
    for (let i = 0; i < 5; i++) expect(await memo.get({ i })).toMatchObject({ i: expect.any(Number) });
  });

  it("of a store that can only be read gives what it has, and refuses before it asks", async () => {
    const { store } = await testStore();
    await openMemo(store, "test").put("q", 1);
    const memo = openMemo({ ...store, writable: false }, "test");
    let asked = 0;
    expect(await memo.get("q")).toBe(1);
    expect(await memo.recall("q", async () => ++asked)).toEqual({ answer: 1, known: true });
    await expect(memo.recall("new", async () => ++asked)).rejects.toMatchObject({ code: "store-unwritable" });
    expect(asked).toBe(0);
  });

  it("says what is wrong when an entry cannot be read", async () => {
    const root = join(await temporaryFolder(), "store");
    const store = await openStore(root);
    const memo = openMemo(store, "test");
    await memo.put("q", 1);
    const [path] = await entries(store);
    const { rm } = await import("node:fs/promises");
    await rm(path!);
    await mkdir(path!);
    await expect(memo.get("q")).rejects.toMatchObject({
      name: "LabError",
      message: expect.stringContaining('the memo "test"'),
    });
  });
});

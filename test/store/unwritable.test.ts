import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { openStore, storeFailure } from "../../kernel-lib/src/store/index.js";
import { greedy, lab, temporaryFolder } from "../backends/fixtures.js";

const mounts: string[] = [];

/** Mounts a small memory file system; false where that is not allowed. */
function mount(folder: string, options: string): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder], { stdio: "ignore" });
    mounts.push(folder);
    return true;
  } catch {
    return false;
  }
}

const canMount = await (async () => {
  const folder = await temporaryFolder();
  const works = mount(folder, "size=64k");
  for (const mounted of mounts.splice(0)) execFileSync("umount", [mounted]);
  if (!works) console.warn("skipped: tests of a full disk and of a read-only store need the right to mount");
  return works;
})();

afterEach(() => {
  for (const folder of mounts.splice(0)) execFileSync("umount", [folder]);
});

async function filesUnder(folder: string): Promise<readonly string[]> {
  return (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);
}

describe.skipIf(!canMount)("a full disk", () => {
  it("is a typed error, and leaves nothing half-written", async () => {
    const folder = await temporaryFolder();
    expect(mount(folder, "size=1m")).toBe(true);
    const store = await openStore(join(folder, "store"));
    const { ref } = await store.putBytes("small");
    const before = await filesUnder(store.root);
    const big = join(await temporaryFolder(), "big");
    await writeFile(big, Buffer.alloc(4 << 20, 1));
    await expect(store.putFile(big)).rejects.toMatchObject({
      code: "store-full",
      hint: expect.stringContaining("ilr gc"),
    });
    await expect(store.putBytes(Buffer.alloc(4 << 20, 2))).rejects.toMatchObject({ code: "store-full" });
    expect(await filesUnder(store.root)).toEqual(before);
    expect(await store.verify(ref, "bytes")).toEqual([]);
  });

  it("in the middle of a step leaves no record, and the step runs when there is room again", async () => {
    const folder = await temporaryFolder();
    expect(mount(folder, "size=1m")).toBe(true);
    const store = await openStore(join(folder, "store"));
    const one = await lab({ store });
    const works = one.backend.run;
    one.backend.run = async (job) => writeFile(join(job.directory, "outputs", "answers"), Buffer.alloc(4 << 20, "\n"));
    const step = () => one.runner.step("sample", greedy, one.inputs, { seed: 0, label: "x" });
    await expect(step()).rejects.toMatchObject({ code: "store-full" });
    expect(await store.records()).toEqual([]);
    expect(await readdir(join(store.root, "work"))).toEqual([]);
    expect(await readdir(join(store.root, "tmp"))).toEqual([]);
    one.backend.run = works;
    expect(await step()).toBeDefined();
  });

  it("refuses to open a store on it", async () => {
    const folder = await temporaryFolder();
    expect(mount(folder, "size=1m,nr_inodes=4")).toBe(true);
    await expect(openStore(join(folder, "store"))).rejects.toMatchObject({ code: "store-full" });
  });
});

describe.skipIf(!canMount)("a read-only store", () => {
  it("serves hits, and says that it is read-only when asked for more", async () => {
    const folder = await temporaryFolder();
    expect(mount(folder, "size=4m")).toBe(true);
    const writable = await lab({ store: await openStore(join(folder, "store")) });
    const step = { seed: 0, label: "x" };
    const first = await writable.runner.step("sample", greedy, writable.inputs, step);
    execFileSync("mount", ["-o", "remount,ro", folder]);
    const store = await openStore(join(folder, "store"));
    expect(store.writable).toBe(false);
    const { createRunner } = await import("../../kernel-lib/src/backends/index.js");
    const runner = createRunner({ store, backend: writable.backend });
    expect(await runner.step("sample", greedy, writable.inputs, step)).toEqual(first);
    expect(await runner.read(first.answers!)).toHaveLength(1);
    const refused = runner.step("sample", greedy, writable.inputs, { seed: 1, label: "new" });
    await expect(refused).rejects.toMatchObject({
      code: "store-unwritable",
      hint: expect.stringContaining("writable"),
    });
    expect((await store.putBytes("a model")).ref).toBe(writable.inputs.model.ref);
    await expect(store.putBytes("x")).rejects.toMatchObject({ code: "store-unwritable" });
    await expect(store.gc({ keep: [] })).rejects.toMatchObject({ code: "store-unwritable" });
    expect((await store.gc({ keep: [], dryRun: true })).removedFiles).toBe(0);
    expect(await store.verifyAll()).toMatchObject({ damaged: [] });
  });

  it("that does not exist cannot be opened", async () => {
    const folder = await temporaryFolder();
    expect(mount(folder, "size=1m,ro")).toBe(true);
    await expect(openStore(join(folder, "store"))).rejects.toMatchObject({ code: "store-unwritable" });
  });
});

describe("a store", () => {
  it("whose place is taken by a file is refused", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "store"), "a file");
    await expect(openStore(join(folder, "store"))).rejects.toMatchObject({ code: "store-unwritable" });
  });

  it.skipIf(process.getuid?.() === 0)("without permission is refused", async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, "locked"), { mode: 0o555 });
    await expect(openStore(join(folder, "locked", "store"))).rejects.toMatchObject({ code: "store-unwritable" });
    expect(existsSync(join(folder, "locked", "store"))).toBe(false);
  });

  it("has a code and a hint for every refusal of the system", () => {
    const refusals = {
      ENOSPC: "store-full",
      EDQUOT: "store-full",
      EROFS: "store-unwritable",
      EACCES: "store-unwritable",
    };
    for (const [code, expected] of Object.entries({ ...refusals, EPERM: "store-unwritable", EIO: "store-damaged" })) {
      const failure = storeFailure(Object.assign(new Error(`${code}: refused`), { code }), "writing");
      expect(failure.code).toBe(expected);
      expect(failure.hint).toBeDefined();
      expect(failure.message).toContain("writing");
    }
  });
});

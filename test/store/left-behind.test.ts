/** What killed processes leave outside the store, and entries that were mended while somebody looked. */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { openStore, temporaryFolder as ours, thisProcess, writeWhole } from "../../kernel-lib/src/store/index.js";
import { layoutOf } from "../../kernel-lib/src/store/layout.js";
import { quarantine } from "../../kernel-lib/src/store/quarantine.js";
import { temporaryFolder, temporaryStore } from "../backends/fixtures.js";

const { host, pid, start } = thisProcess();
const owned = (prefix: string, by: number | string): string => `${prefix}.${host}.${by}.${start}.0123456789ab`;
const NOBODY = 4_194_304;
const temporary = tmpdir();

afterEach(() => {
  process.env.TMPDIR = temporary;
});

describe("a file written whole", () => {
  it("takes the place of what a killed process left half-written, and of nothing else", async () => {
    const folder = await temporaryFolder();
    const others = [owned(".points.jsonl", pid), owned(".table.md", NOBODY), ".points.jsonl.old"];
    for (const name of [...others, owned(".points.jsonl", NOBODY)]) await writeFile(join(folder, name), "half");
    await writeWhole(join(folder, "points.jsonl"), "whole\n");
    expect(await readFile(join(folder, "points.jsonl"), "utf8")).toBe("whole\n");
    expect((await readdir(folder)).sort()).toEqual([...others, "points.jsonl"].sort());
  });

  it("leaves nothing where it cannot be", async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, "points.jsonl", "in the way"), { recursive: true });
    await expect(writeWhole(join(folder, "points.jsonl"), "whole\n")).rejects.toMatchObject({ name: "LabError" });
    expect(await readdir(folder)).toEqual(["points.jsonl"]);
  });
});

describe("a temporary folder", () => {
  it("goes with its process, or with the next one", async () => {
    process.env.TMPDIR = await temporaryFolder();
    const mine = await ours("kernel");
    const dead = join(process.env.TMPDIR, "ilr-kernel-dead");
    await mkdir(join(dead, "f"), { recursive: true });
    await writeFile(join(dead, owned("owner", NOBODY)), "");
    await mkdir(join(process.env.TMPDIR, "ilr-of-somebody"));
    const next = await ours("model");
    const names = [dirname(mine.path), dirname(next.path), "ilr-of-somebody"].map((path) => basename(path));
    expect((await readdir(process.env.TMPDIR)).sort()).toEqual(names.sort());
    await mine.remove();
    await next.remove();
    expect(await readdir(process.env.TMPDIR)).toEqual(["ilr-of-somebody"]);
  });
});

describe("an entry that was mended while somebody looked at the damage", () => {
  it("is put back", async () => {
    const { store, warnings } = await temporaryStore();
    const { ref } = await store.putBytes("hello");
    const context = { paths: layoutOf(store.root), warn: store.warn } as never;
    await quarantine(context, await store.pathOf(ref), "it was damaged", async (moved) => {
      expect(await store.verify(ref, "size")).toMatchObject([{ problem: "missing" }]);
      return (await readFile(moved, "utf8")) === "hello";
    });
    expect(await (await openStore(store.root)).verify(ref, "bytes")).toEqual([]);
    expect(await readdir(join(store.root, "quarantine"))).toEqual([]);
    expect(warnings).toEqual([]);
  });
});

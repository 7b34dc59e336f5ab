import { mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson, digestOf, type Json, sha256 } from "../../kernel-lib/src/core/index.js";
import { type Manifest, manifestText, openStore, parseManifest } from "../../kernel-lib/src/store/index.js";
import { temporaryFolder, temporaryStore } from "../backends/fixtures.js";

describe("canonical JSON", () => {
  const value = fc.jsonValue({ maxDepth: 4 }).filter((json) => json !== undefined) as fc.Arbitrary<Json>;
  /** The same value with every object's members in another order. */
  const reordered = (json: Json): Json => {
    if (Array.isArray(json)) return json.map(reordered);
    if (typeof json !== "object" || json === null) return json;
    return Object.fromEntries(
      Object.entries(json)
        .reverse()
        .map(([key, member]) => [key, reordered(member as Json)]),
    );
  };

  const holds = (check: (json: Json) => void): void => fc.assert(fc.property(value, check));
  /** What a file would keep of it: no undefined, no negative zero. */
  const plain = (json: Json): unknown => JSON.parse(JSON.stringify(json));

  it("parses back to the value", () => {
    holds((json) => {
      expect(JSON.parse(canonicalJson(json))).toEqual(plain(json));
    });
  });
  it("does not depend on the order of members", () => {
    holds((json) => {
      expect(canonicalJson(reordered(json))).toBe(canonicalJson(json));
    });
  });
  it("is a fixed point, so that a digest survives a round trip through a file", () => {
    holds((json) => {
      expect(digestOf(JSON.parse(canonicalJson(json)) as Json)).toBe(digestOf(json));
    });
  });
  it("tells different values apart, and only these", () => {
    // Small values, so that equal pairs come up too.
    const small = fc.jsonValue({ maxDepth: 1, stringUnit: fc.constantFrom("a", "1") }) as fc.Arbitrary<Json>;
    fc.assert(
      fc.property(small, small, (x, y) => {
        expect(canonicalJson(x) === canonicalJson(y)).toBe(isDeepStrictEqual(plain(x), plain(y)));
      }),
      { numRuns: 1000 },
    );
  });
});

const segment = fc
  .string({ minLength: 1, maxLength: 12, unit: fc.constantFrom(..."abcXYZ019-_. é字") })
  .filter((name) => name !== "." && name !== "..");
const path = fc.array(segment, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/"));

describe("tree manifests", () => {
  const entry = fc.record({ digest: fc.string().map(sha256), size: fc.nat() });

  it("survive the way to text and back, in any order", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(path, entry)), (entries) => {
        const manifest: Manifest = Object.fromEntries(entries);
        expect(parseManifest(manifestText(manifest))).toEqual(manifest);
        expect(manifestText(Object.fromEntries(Object.entries(manifest).reverse()))).toBe(manifestText(manifest));
      }),
    );
  });

  it("hold no path that leaves the folder", () => {
    for (const evil of ["../x", "/etc/passwd", "a/../../x", "a//b", "", ".", "a\\b", "a\u0000b", "a/"]) {
      const text = JSON.stringify({ [evil]: { digest: "0".repeat(64), size: 0 } });
      expect(() => parseManifest(text), evil).toThrow();
      expect(() => manifestText(JSON.parse(text) as Manifest), evil).toThrow(/cannot be the path/);
    }
  });

  it("of folders give the folders back", async () => {
    // Names that are a prefix of one another cannot be file and folder at once; one level deep is enough here.
    const folder = fc.dictionary(segment, fc.uint8Array({ maxLength: 64 }), { minKeys: 1, maxKeys: 5 });
    const { store } = await temporaryStore();
    const scratch = await temporaryFolder();
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(folder, async (files) => {
        const from = join(scratch, `from-${runs}`);
        const to = join(scratch, `to-${runs++}`);
        await mkdir(join(from, "inner"), { recursive: true });
        for (const [name, bytes] of Object.entries(files)) await writeFile(join(from, "inner", name), bytes);
        const { ref, size } = await store.putTree(from);
        expect(size).toBe(Object.values(files).reduce((sum, bytes) => sum + bytes.length, 0));
        await store.materialise(ref, to);
        expect((await readdir(join(to, "inner"))).sort()).toEqual(Object.keys(files).sort());
        for (const [name, bytes] of Object.entries(files)) {
          expect(new Uint8Array(await readFile(join(to, "inner", name)))).toEqual(bytes);
        }
        expect((await store.putTree(to)).ref).toBe(ref);
      }),
      { numRuns: 25 },
    );
  });
});

describe("content", () => {
  it("is stored once, read-only, under its digest", async () => {
    const { store } = await temporaryStore();
    const { ref, size } = await store.putBytes("hello");
    expect([ref, size]).toEqual([`file:${sha256("hello")}`, 5]);
    expect((await store.putBytes("hello")).ref).toBe(ref);
    const path = await store.pathOf(ref);
    expect(path).toBe(join(store.root, "cas", "sha256", sha256("hello").slice(0, 2), sha256("hello")));
    expect((await stat(path)).mode & 0o777).toBe(0o444);
    expect(await readdir(join(store.root, "tmp"))).toEqual([]);
  });

  it("that is there already is not written again, but counts as young again", async () => {
    const { store } = await temporaryStore();
    const { ref } = await store.putBytes("hello");
    const path = await store.pathOf(ref);
    const before = await stat(path);
    const later = await openStore(store.root, { clock: () => Date.now() + 1_000_000 });
    await writeFile(join(store.root, "copy"), "hello");
    expect((await later.putFile(join(store.root, "copy"))).ref).toBe(ref);
    const after = await stat(path);
    expect(after.ino).toBe(before.ino);
    expect(after.mtimeMs).toBeGreaterThan(before.mtimeMs + 900_000);
  });

  it("takes rows and gives them back", async () => {
    const { store } = await temporaryStore();
    const rows = [
      { id: "a", n: 1 },
      { id: "b", text: "line\nfeed \u2028" },
    ];
    expect(await store.readRows((await store.putRows(rows)).ref)).toEqual(rows);
    expect(await store.readRows((await store.putRows([])).ref)).toEqual([]);
    const { ref } = await store.putBytes('{"id":1}\nnot json\n');
    await expect(store.readRows(ref)).rejects.toMatchObject({
      code: "input-damaged",
      message: expect.stringContaining("line 2"),
    });
  });

  it("reads a file inside a tree, and names what is there when it is not", async () => {
    const { store } = await temporaryStore();
    const folder = await temporaryFolder();
    await writeFile(join(folder, "config.json"), "{}");
    const { ref } = await store.putTree(folder);
    expect(new TextDecoder().decode(await store.readBytes(ref, "config.json"))).toBe("{}");
    await expect(store.readBytes(ref, "confg.json")).rejects.toMatchObject({
      code: "input-missing",
      hint: expect.stringContaining("config.json"),
    });
  });

  it("refuses links, special files and references that are none", async () => {
    const { store } = await temporaryStore();
    const folder = await temporaryFolder();
    await symlink("/etc/hostname", join(folder, "link"));
    await expect(store.putTree(folder)).rejects.toMatchObject({ code: "input-damaged" });
    await expect(store.putFile(join(folder, "link"))).rejects.toMatchObject({ code: "input-damaged" });
    await expect(store.putFile("/dev/null")).rejects.toMatchObject({ code: "input-damaged" });
    await expect(store.readBytes("file:../../etc/passwd")).rejects.toMatchObject({ code: "input-damaged" });
    await expect(store.readBytes(`file:${"0".repeat(64)}`)).rejects.toMatchObject({ code: "input-missing" });
  });

  it("is materialised as a file of its own, or linked for readers that cannot write", async () => {
    const { store } = await temporaryStore();
    const folder = await temporaryFolder();
    const { ref } = await store.putBytes("hello");
    await store.materialise(ref, join(folder, "deep", "copy"));
    await store.materialise(ref, join(folder, "link"), "link");
    const inode = (await stat(await store.pathOf(ref))).ino;
    expect((await stat(join(folder, "deep", "copy"))).ino).not.toBe(inode);
    expect((await stat(join(folder, "link"))).ino).toBe(inode);
    expect((await stat(join(folder, "deep", "copy"))).mode & 0o777).toBe(0o444);
  });
});

describe("opening a store", () => {
  it("removes what dead processes left, and nothing else", async () => {
    const { store } = await temporaryStore();
    const mine = await store.scratch("a".repeat(64));
    const name = mine.path.split(".").slice(-4);
    const [host, , , random] = name as [string, string, string, string];
    // Pid 1 lives, but did not start at tick 1; no process has the largest pid.
    const dead = [`file.${host}.1.1.${random}`, `file.${host}.4194304.5.${random}`];
    const foreign = `file.${"0".repeat(12)}.1.1.${random}`;
    for (const leftover of [...dead, foreign]) await writeFile(join(store.root, "tmp", leftover), "x");
    await openStore(store.root);
    expect(await readdir(join(store.root, "tmp"))).toEqual([foreign]);
    expect(await readdir(join(store.root, "work"))).toHaveLength(1);
    await openStore(store.root, { clock: () => Date.now() + 25 * 3_600_000 });
    expect(await readdir(join(store.root, "tmp"))).toEqual([]);
    await mine.remove();
  });
});

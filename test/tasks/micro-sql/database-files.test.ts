import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { sha256 } from "../../../kernel-lib/src/core/index.js";
import { type Builder, loadBuilder } from "../../../kernel-lib/src/tasks/micro-sql/building.js";
import { databaseFiles } from "../../../kernel-lib/src/tasks/micro-sql/database-files.js";
import { schemasOf } from "../../../kernel-lib/src/tasks/micro-sql/schema.js";
import { queryPool } from "../../../kernel-lib/src/tasks/sql/execute/index.js";
import { temporaryFolder } from "../sql/fixture.js";

const [schema, other] = schemasOf("test") as [
  ReturnType<typeof schemasOf>[number],
  ReturnType<typeof schemasOf>[number],
];
let builder: Builder;
beforeAll(async () => {
  builder = await loadBuilder();
});
const filesIn = (cache: string, make = async (): Promise<Builder> => builder) => databaseFiles(cache, make);

describe("database files", () => {
  it("are two different databases a schema, named by their content", async () => {
    const cache = join(temporaryFolder(), "made", "when needed");
    const paths = await filesIn(cache).pathsOf(schema);
    expect(new Set(paths).size).toBe(2);
    for (const path of paths) expect(path).toBe(join(cache, `${sha256(readFileSync(path))}.sqlite`));
    expect(readdirSync(cache).length).toBe(2);
    await using pool = queryPool({ now: new Date(0) });
    const tables = await pool.tables(paths[0]!);
    expect(tables.map(({ name }) => name).sort()).toEqual([schema.child.name, schema.parent.name].sort());
    expect(tables.flatMap(({ foreignKeys }) => foreignKeys)).toEqual([
      { column: schema.parent.noun, table: schema.parent.name, to: schema.parent.noun },
    ]);
  });

  it("are the same from a second SQLite, and are left alone where they are there", async () => {
    const cache = temporaryFolder();
    const paths = await filesIn(cache).pathsOf(schema);
    const before = paths.map((path) => readFileSync(path));
    for (const path of paths) chmodSync(path, 0o444);
    const again = await loadBuilder();
    again.saysSomething(other, `select count(*) from ${other.child.name}`);
    expect(await filesIn(cache, async () => again).pathsOf(schema)).toEqual(paths);
    expect(paths.map((path) => readFileSync(path))).toEqual(before);
  });

  it("are replaced where they were cut short", async () => {
    const cache = temporaryFolder();
    const [path] = await filesIn(cache).pathsOf(schema);
    const whole = readFileSync(path!);
    writeFileSync(path!, whole.subarray(0, 100));
    await filesIn(cache).pathsOf(schema);
    expect(readFileSync(path!)).toEqual(whole);
  });

  it("are whole whoever writes them at the same time, and leave nothing unfinished", async () => {
    const cache = temporaryFolder();
    const all = await Promise.all(Array.from({ length: 8 }, () => filesIn(cache).pathsOf(schema)));
    expect(new Set(all.flat()).size).toBe(2);
    expect(readdirSync(cache).sort()).toEqual(
      [...new Set(all.flat())].map((path) => path.slice(cache.length + 1)).sort(),
    );
  });

  it("go to a temporary folder where the cache cannot be written, which is removed at the end", async () => {
    const file = join(temporaryFolder(), "file");
    writeFileSync(file, "");
    const files = filesIn(join(file, "cache"));
    const paths = await files.pathsOf(schema);
    expect(paths.every((path) => existsSync(path) && !path.startsWith(file))).toBe(true);
    await files[Symbol.asyncDispose]();
    expect(existsSync(dirname(paths[0]!))).toBe(false);
    // And again, should somebody go on.
    mkdirSync(`${file}.d`);
    expect((await filesIn(`${file}.d`).pathsOf(schema)).length).toBe(2);
  });
});

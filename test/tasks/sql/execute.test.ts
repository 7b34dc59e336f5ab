import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type QueryPool, queryPool } from "../../../kernel-lib/src/tasks/sql/execute/index.js";
import { executionLimits } from "../../../kernel-lib/src/tasks/sql/execute/limits.js";
import { startQueryProcess } from "../../../kernel-lib/src/tasks/sql/execute/process.js";
import { PEOPLE, temporaryFolder, writeDatabase } from "./fixture.js";

const now = new Date("2025-01-01");
let folder: string;
let path: string;
let pool: QueryPool;
beforeAll(async () => {
  folder = temporaryFolder();
  path = join(folder, "people.sqlite");
  await writeDatabase(path, PEOPLE);
  pool = queryPool({ now, limits: { seconds: 2, rows: 1000, resultMiB: 1, processes: 2 } });
});
afterAll(() => pool[Symbol.asyncDispose]());

const same = async (one: string, other: string): Promise<boolean> => {
  const [a, b] = await Promise.all([pool.run(path, one), pool.run(path, other)]);
  expect([a.kind, b.kind]).toEqual(["rows", "rows"]);
  return a.kind === "rows" && b.kind === "rows" && a.digest === b.digest;
};

describe("results", () => {
  it("are sets of rows", async () => {
    expect(await same("SELECT home FROM person", "SELECT DISTINCT home FROM person ORDER BY home DESC")).toBe(true);
    expect(await same("SELECT 1", "SELECT 1.0")).toBe(true);
    expect(await same("SELECT 9007199254740993", "SELECT 9007199254740992.0")).toBe(false);
    expect(await same("SELECT 'a'", "SELECT x'61'")).toBe(false);
    expect(await same("SELECT name, age FROM person", "SELECT age, name FROM person")).toBe(false);
    expect(await same("SELECT 1 WHERE 0", "SELECT 1, 2 WHERE 0")).toBe(true);
  });

  it("keep their bytes when SQLite's memory moves under them", async () => {
    const big = queryPool({ now, limits: { processes: 1 } });
    // Not constants: SQLite makes the bytes of a constant before the row is there.
    const run = (first: string) =>
      big.run(path, `SELECT ${first}, zeroblob(30000000 + id), zeroblob(id) FROM person WHERE id = 1`);
    const [a, b, c] = [await run("name"), await run("home"), await run("name")];
    expect(a).toMatchObject({ kind: "rows", rows: 1 });
    expect(b).not.toEqual(a);
    expect(c).toEqual(a);
    await big[Symbol.asyncDispose]();
  });

  it("past a limit are failures, whatever they began with", async () => {
    const rows = await pool.run(path, "SELECT n FROM number");
    const bytes = await pool.run(path, "SELECT zeroblob(2000000)");
    expect([rows, bytes]).toMatchObject([{ reason: "too-large" }, { reason: "too-large" }]);
  });

  it("read double quotes as Python's SQLite does, know one day, and draw the same numbers again", async () => {
    expect(await same(`SELECT id FROM person WHERE home = "Rome"`, "SELECT id FROM person WHERE home = 'Rome'")).toBe(
      true,
    );
    expect(await same("SELECT date('now'), CURRENT_TIMESTAMP", "SELECT '2025-01-01', '2025-01-01 00:00:00'")).toBe(
      true,
    );
    expect(await same("SELECT random()", "SELECT random()")).toBe(true);
  });
});

describe("processes", () => {
  it("that are killed are replaced, and their query is asked again", async () => {
    const [first] = pool.pids;
    const slow = pool.run(path, "SELECT count(*) FROM number a, number b WHERE a.n < 200 AND a.half < b.half");
    for (const pid of pool.pids) process.kill(pid, "SIGKILL");
    expect((await slow).kind).toBe("rows");
    expect(pool.pids).not.toContain(first);
  });

  it("are stopped when a single instruction runs past the time", async () => {
    const start = performance.now();
    const bomb = "SELECT instr(hex(zeroblob(15000000)), hex(zeroblob(7000000)) || '1')";
    expect(await pool.run(path, bomb)).toMatchObject({ reason: "timeout" });
    expect(performance.now() - start).toBeLessThan(20_000);
    expect(await pool.run(path, "SELECT 1")).toMatchObject({ kind: "rows" });
  });

  const mad = {
    "answer nonsense": "say(Buffer.from('nonsense'))",
    "announce a message of four gigabytes": "fs.writeSync(3, Buffer.alloc(9, 255))",
    "answer twice": "say(Buffer.from(JSON.stringify(outcome))); say(Buffer.from(JSON.stringify(outcome)))",
    "answer with what is no outcome": 'say(Buffer.from(\'{"say":"outcome","outcome":{"kind":"rows"}}\'))',
    die: "process.abort()",
    "fall silent": "setInterval(() => {}, 1000)",
    "talk without end": "setInterval(() => { for (let i = 0; i < 99; i++) say(Buffer.alloc(5e6)) }, 1)",
  };
  it.each(Object.entries(mad))("may %s: nothing but an answer comes of it", async (name, code) => {
    const program = join(folder, `${name.replaceAll(" ", "-")}.cjs`);
    writeFileSync(
      program,
      `const fs = require("node:fs");
       const say = (body) => { const head = Buffer.alloc(4); head.writeUInt32BE(body.length); fs.writeSync(3, Buffer.concat([head, body])); };
       const outcome = { say: "outcome", outcome: { kind: "rows", digest: "0".repeat(64), rows: 0 }, retire: false };
       let asked = 0;
       process.stdin.on("data", () => { if (asked++ === 0) say(Buffer.from('{"say":"ready"}')); else { ${code} } });`,
    );
    const limits = executionLimits({ seconds: 0.5, graceSeconds: 0.5 });
    const started = await startQueryProcess({ limits, now: 0 }, program);
    const answer = await started.ask({ ask: "query", database: path, sql: "SELECT 1" });
    if (name === "answer twice") expect(answer).toMatchObject({ say: "outcome" });
    else expect(answer).toBe(name === "fall silent" ? "late" : "ended");
    await started.stop();
    expect(started.alive).toBe(false);
  });
});

describe("databases", () => {
  it("that are missing, no databases, or unfinished are errors, not wrong answers", async () => {
    const at = (name: string): string => join(folder, name);
    writeFileSync(at("pointer.sqlite"), "version https://git-lfs.github.com/spec/v1\n");
    writeFileSync(at("broken.sqlite"), Buffer.concat([Buffer.from("SQLite format 3\0"), Buffer.alloc(8000, 7)]));
    await writeDatabase(at("wal.sqlite"), PEOPLE);
    writeFileSync(at("wal.sqlite-wal"), "x");
    const code = (name: string): Promise<unknown> =>
      pool.run(at(name), "SELECT 1").then(
        () => "no error",
        (error) => error.code,
      );
    expect(await code("none.sqlite")).toBe("input-missing");
    for (const name of ["pointer.sqlite", "broken.sqlite", "wal.sqlite"])
      expect(await code(name)).toBe("input-damaged");
  });
});

describe("limits", () => {
  it("are checked", () => {
    expect(executionLimits({ seconds: 5 })).toMatchObject({ seconds: 5, memoryMiB: 1024 });
    for (const wrong of [{ seconds: 0 }, { rows: 1.5 }, { memoryMiB: 4096 }, { processes: Number.NaN }, { speed: 1 }])
      expect(() => executionLimits(wrong)).toThrow(expect.objectContaining({ code: "config-invalid" }));
  });
});

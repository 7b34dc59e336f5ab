/** The kit's verdicts against BIRD's evaluator itself: `set(predicted.fetchall()) == set(gold.fetchall())` in Python. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { seededRandom } from "../../../kernel-lib/src/core/index.js";
import { type QueryPool, queryPool } from "../../../kernel-lib/src/tasks/sql/execute/index.js";
import { PEOPLE, temporaryFolder, writeDatabase } from "./fixture.js";

const hasPython = spawnSync("python3", ["-c", "import sqlite3"]).status === 0;
const EVALUATOR = `
import json, sqlite3, sys
path, pairs = json.load(sys.stdin)
def rows(sql):
    try: return set(sqlite3.connect(f"file:{path}?mode=ro", uri=True).cursor().execute(sql).fetchall())
    except Exception: return None
results = []
for a, b in pairs:
    x, y = rows(a), rows(b)
    results.append([x is not None, y is not None, x is not None and y is not None and x == y])
print(json.dumps(results))`;

const VALUES = [
  ..."NULL 0 1 -1 1.0 0.0 -0.0 1.5 '1' '1.0' 'a' '' x'' x'61' 'é' 9007199254740992 9007199254740993 9007199254740992.0".split(
    " ",
  ),
  ..."9223372036854775807 9223372036854775808 -9223372036854775808 -9223372036854775808.0 9e999 -9e999 1e300 0.1 0.1+0.2".split(
    " ",
  ),
  ..."0.30000000000000004 1e15 1000000000000000 TRUE FALSE char(0) 'a'||char(0) 9e999-9e999 CAST(x'ff'ASTEXT) 1e18 1000000000000000000".split(
    " ",
  ),
].map((value) => value.replace("ASTEXT", " AS TEXT"));
const QUERIES = [
  "SELECT home FROM person",
  "SELECT DISTINCT home FROM person",
  "SELECT home FROM person ORDER BY home DESC",
  "SELECT age, home FROM person",
  "SELECT home, age FROM person",
  "SELECT height FROM person",
  "SELECT CAST(height AS INTEGER) FROM person WHERE id = 2",
  "SELECT height FROM person WHERE id = 2",
  "SELECT photo FROM person",
  "SELECT n FROM number WHERE n <= 10",
  "SELECT half * 2 FROM number WHERE n < 11",
  "SELECT count(*) FROM number",
  "SELECT 3000.0",
  "SELECT name FROM city WHERE name > 'Z'",
  'SELECT name FROM person WHERE home = "Rome"',
  "SELECT name FROM person WHERE age > 100",
  "SELECT 1, 2 WHERE 0",
  "SELECT 1;",
  "SELECT 1;;",
  "SELECT 1; -- end",
  "SELECT 1; /* end",
  "SELECT 1; SELECT 1",
  "SELECT ?",
  "SELECT\u00001",
  "SELECT",
  "SELECT nothing FROM nowhere",
  "VALUES (1), (1.0), ('1')",
  "WITH x AS (SELECT 1 AS y) SELECT y FROM x",
];

let pool: QueryPool;
let path: string;
beforeAll(async () => {
  path = join(temporaryFolder(), "people.sqlite");
  await writeDatabase(path, PEOPLE);
  pool = queryPool({ now: new Date("2025-01-01"), limits: { processes: 1 } });
});
afterAll(() => pool[Symbol.asyncDispose]());

async function compare(pairs: readonly (readonly [string, string])[]): Promise<void> {
  const python = spawnSync("python3", ["-c", EVALUATOR], { input: JSON.stringify([path, pairs]), encoding: "utf8" });
  expect(python.stderr).toBe("");
  const expected = JSON.parse(python.stdout) as unknown[];
  const got = await Promise.all(
    pairs.map(async ([one, other]) => {
      const [a, b] = [await pool.run(path, one), await pool.run(path, other)];
      const isSame = a.kind === "rows" && b.kind === "rows" && a.digest === b.digest;
      return [a.kind === "rows", b.kind === "rows", isSame];
    }),
  );
  const differences = pairs.flatMap((pair, i) =>
    String(got[i]) === String(expected[i]) ? [] : [[pair, got[i], expected[i]]],
  );
  expect(differences).toEqual([]);
}

describe.skipIf(!hasPython)("verdicts are those of Python's sqlite3", () => {
  it("for every pair of values", async () => {
    await compare(VALUES.flatMap((a) => VALUES.map((b) => [`SELECT ${a}`, `SELECT ${b}`] as const)));
  });

  it("for every pair of queries", async () => {
    await compare(QUERIES.flatMap((a) => QUERIES.map((b) => [a, b] as const)));
  });

  it("for random tables of values", async () => {
    const random = seededRandom("bird", "python");
    const table = (): string => {
      const [rows, columns] = [1 + random.below(3), 1 + random.below(2)];
      const row = (): string => Array.from({ length: columns }, () => random.pick(VALUES.slice(0, 12))).join(", ");
      return `VALUES ${Array.from({ length: rows }, () => `(${row()})`).join(", ")}`;
    };
    await compare(Array.from({ length: 1500 }, () => [table(), table()] as const));
  });
});

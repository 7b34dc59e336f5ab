import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Outcome, type QueryPool, queryPool } from "../../../kernel-lib/src/tasks/sql/execute/index.js";
import { ATTACKS } from "./attacks.js";
import { PEOPLE, temporaryFolder, writeDatabase } from "./fixture.js";

const HONEST = "SELECT name, age FROM person WHERE home = 'Rome'";
/** Bombs that nothing else stops are stopped by the clock; the paper's 30 seconds are only longer. */
const SECONDS = 1;
let path: string;
let pool: QueryPool;
let bytes: Buffer;
let honest: Outcome;

beforeAll(async () => {
  path = join(temporaryFolder(), "people.sqlite");
  await writeDatabase(path, PEOPLE);
  bytes = readFileSync(path);
  pool = queryPool({
    now: new Date("2025-01-01"),
    limits: { seconds: SECONDS, graceSeconds: 0.5, memoryMiB: 256, rows: 100_000, processes: 1 },
  });
  honest = await pool.run(path, HONEST);
});
afterAll(() => pool[Symbol.asyncDispose]());

describe("attacks", () => {
  it("are many", () => {
    expect(Object.values(ATTACKS).flat().length).toBeGreaterThan(100);
    expect(honest).toMatchObject({ kind: "rows", rows: 2 });
  });

  for (const [group, attacks] of Object.entries(ATTACKS))
    describe(group, () => {
      it.each(
        attacks.map(([sql, verdict = "refused"]) => ({ sql, verdict, shown: JSON.stringify(sql).slice(0, 60) })),
      )("$verdict: $shown", async ({ sql, verdict }) => {
        const start = performance.now();
        const outcome = await pool.run(path, sql);
        expect(outcome.kind === "failed" || verdict === "harmless", JSON.stringify(outcome)).toBe(true);
        if (verdict === "harmless") expect(outcome.kind, JSON.stringify(outcome)).toBe("rows");
        // Time to start another process on a busy machine included.
        expect(performance.now() - start).toBeLessThan((SECONDS + 30) * 1000);
        expect(await pool.run(path, HONEST)).toEqual(honest);
        expect(pool.pids.length).toBe(1);
        expect(readFileSync(path).equals(bytes)).toBe(true);
        expect(readdirSync(dirname(path))).toEqual(["people.sqlite"]);
      });
    });
});

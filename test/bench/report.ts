/**
 * The end of `make bench`: one table of what the benches left in out/bench, and the same as data in out/bench.json.
 *
 * Usage: node --import tsx test/bench/report.ts
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { BENCH_FOLDER, type BenchRow } from "./rows.js";
import { type BenchRecord, tableOf } from "./table.js";

/** In the table's order. */
const BENCHES = ["epoch", "training", "sampling", "scaling", "notebook", "records", "startup"];

interface Left {
  readonly versions?: string;
  readonly rows: readonly BenchRow[];
}

const left = BENCHES.flatMap((bench) => {
  const path = join(BENCH_FOLDER, `${bench}.json`);
  if (existsSync(path)) return [JSON.parse(readFileSync(path, "utf8")) as Left];
  console.log(`${bench}: left no rows`);
  return [];
});
const record: BenchRecord = {
  machine: `${cpus()[0]?.model.trim()}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, node ${process.version}`,
  date: new Date().toISOString().slice(0, 10),
  versions: [...new Set(left.flatMap(({ versions }) => versions?.split(", ") ?? []))],
  rows: left.flatMap(({ rows }) => rows),
};
mkdirSync(BENCH_FOLDER, { recursive: true });
writeFileSync(`${BENCH_FOLDER}.json`, `${JSON.stringify(record, null, 2)}\n`);
console.log(`\n${record.machine}, one thread; ${record.versions.join(", ") || "no peers"}\n\n${tableOf(record.rows)}`);

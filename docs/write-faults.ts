// Records what `make test-faults` counted (out/faults.json) in results/faults.json, and writes the table of docs/reliability.md from there.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FaultRow } from "../test/faults/table.js";
import { withFaults } from "./faults.js";

const root = join(import.meta.dirname, "..");
const recorded = join(root, "results", "faults.json");
const page = join(root, "docs", "reliability.md");
const read = (path: string): readonly FaultRow[] =>
  existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as readonly FaultRow[]) : [];

const rows = new Map<string, FaultRow>();
// Tests that are gone go with their rows; the short form of `make test` is no record.
for (const row of [...read(recorded), ...read(join(root, "out", "faults.json"))]) {
  if (row.form === "long" && existsSync(join(root, row.test))) rows.set(`${row.test} ${row.fault}`, row);
}
const sorted = [...rows.values()].sort((a, b) => a.test.localeCompare(b.test));
writeFileSync(recorded, `${JSON.stringify(sorted, null, 2)}\n`);
writeFileSync(page, withFaults(readFileSync(page, "utf8"), sorted));
process.stdout.write(`${recorded}\n${page}\n`);

// Records what `make bench` measured (out/bench.json) in results/bench.json, and writes the tables of docs/performance.md and the README from there.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BenchRecord } from "../test/bench/table.js";
import { withBench, withSpeed } from "./bench.js";

const root = join(import.meta.dirname, "..");
const recorded = join(root, "results", "bench.json");
const page = join(root, "docs", "performance.md");
const readme = join(root, "README.md");
const measured = join(root, "out", "bench.json");
if (existsSync(measured)) writeFileSync(recorded, readFileSync(measured));
const record = JSON.parse(readFileSync(recorded, "utf8")) as BenchRecord;
writeFileSync(page, withBench(readFileSync(page, "utf8"), record));
writeFileSync(readme, withSpeed(readFileSync(readme, "utf8"), record));
process.stdout.write(`${[recorded, page, readme].join("\n")}\n`);

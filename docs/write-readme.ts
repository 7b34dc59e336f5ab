// Writes what follows from the recorded runs: the README's results, and each run's table and figure. npm run readme
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeTableAndFigure } from "../kernel-lib/src/cli/run-folder.js";
import { readRun } from "../kernel-lib/src/experiments/index.js";
import { recordedRuns, withResults } from "./readme.js";

const root = join(import.meta.dirname, "..");
const results = join(root, "results");
for (const folder of recordedRuns(results)) {
  for (const path of await writeTableAndFigure(folder, await readRun(folder))) process.stdout.write(`${path}\n`);
}
const path = join(root, "README.md");
writeFileSync(path, await withResults(readFileSync(path, "utf8"), results));
process.stdout.write(`${path}\n`);

// Writes what follows from the recorded runs: each run's table and figure, and the marked parts of README.md and docs/fidelity.md.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeTableAndFigure } from "../kernel-lib/src/cli/run-folder.js";
import { readRun } from "../kernel-lib/src/experiments/index.js";
import { withMeasuredFlags } from "./measured-flags.js";
import { recordedRuns, withResults } from "./readme.js";

const root = join(import.meta.dirname, "..");
const results = join(root, "results");
for (const folder of recordedRuns(results)) {
  for (const path of await writeTableAndFigure(folder, await readRun(folder))) process.stdout.write(`${path}\n`);
}
const written = { "README.md": withResults, "docs/fidelity.md": withMeasuredFlags };
for (const [name, withNumbers] of Object.entries(written)) {
  const path = join(root, name);
  writeFileSync(path, await withNumbers(readFileSync(path, "utf8"), results));
  process.stdout.write(`${path}\n`);
}

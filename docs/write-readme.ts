// Writes what follows from the recorded runs: each run's table and figure, figure 4 of all tasks, and the marked parts of README.md and docs/fidelity.md.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeTableAndFigure } from "../kernel-lib/src/cli/run-folder.js";
import { readRun } from "../kernel-lib/src/experiments/index.js";
import { figure4, figureToSvg, svgToPng } from "../kernel-lib/src/figures/index.js";
import { withMeasuredFlags } from "./measured-flags.js";
import { mainRuns, recordedRuns, withResults } from "./readme.js";

const root = join(import.meta.dirname, "..");
const results = join(root, "results");
for (const folder of recordedRuns(results)) {
  for (const path of await writeTableAndFigure(folder, await readRun(folder))) process.stdout.write(`${path}\n`);
}
const svg = figureToSvg(figure4(await mainRuns(results)));
for (const [name, content] of Object.entries({ "figure-4.svg": svg, "figure-4.png": svgToPng(svg).bytes })) {
  writeFileSync(join(results, name), content);
  process.stdout.write(`${join(results, name)}\n`);
}
const written = { "README.md": withResults, "docs/fidelity.md": withMeasuredFlags };
for (const [name, withNumbers] of Object.entries(written)) {
  const path = join(root, name);
  writeFileSync(path, await withNumbers(readFileSync(path, "utf8"), results));
  process.stdout.write(`${path}\n`);
}

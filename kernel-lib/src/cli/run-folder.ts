import { join } from "node:path";
import { type RunRecord, writeRun } from "../experiments/index.js";
import { figureToSvg, mainFigure, svgToPng } from "../figures/index.js";
import { summaryTable } from "../results/index.js";
import { writeWhole } from "../store/index.js";

/**
 * Writes a run's rows, provenance, table and figure into a folder.
 * @returns the paths of what was written, the figure last.
 * @throws LabError `store-unwritable`, `store-full`.
 */
export async function writeRunFolder(folder: string, run: RunRecord): Promise<readonly string[]> {
  await writeRun(folder, run);
  const rows = ["points.jsonl", "evaluators.jsonl", "provenance.json"].map((name) => join(folder, name));
  return [...rows, ...(await writeTableAndFigure(folder, run))];
}

/**
 * Writes what follows from a run's rows: its table and its figure.
 * @returns the paths, the figure last.
 * @throws LabError `store-unwritable`, `store-full`.
 */
export async function writeTableAndFigure(folder: string, run: RunRecord): Promise<readonly string[]> {
  const svg = figureToSvg(mainFigure(run));
  const files: Readonly<Record<string, string | Uint8Array>> = {
    "table.md": `${summaryTable(run, "markdown")}\n`,
    "figure.svg": svg,
    "figure.png": svgToPng(svg).bytes,
  };
  for (const [name, content] of Object.entries(files)) await writeWhole(join(folder, name), content);
  return Object.keys(files).map((name) => join(folder, name));
}

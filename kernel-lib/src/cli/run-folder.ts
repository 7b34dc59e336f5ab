import { existsSync } from "node:fs";
import { join } from "node:path";
import { holdsRun, type RunRecord, writeRun } from "../experiments/index.js";
import { figureToSvg, mainFigure, svgToPng } from "../figures/index.js";
import { summaryTable } from "../results/index.js";
import { writeWhole } from "../store/index.js";

const ROWS = ["points.jsonl", "evaluators.jsonl", "provenance.json"];
const DRAWN = ["table.md", "figure.svg", "figure.png"] as const;

/**
 * Writes a run's rows, provenance, table and figure into a folder; nothing where they are there already and the run executed no step.
 * Files then keep their times, and what was made from them need not be made again.
 * @returns the paths, the figure last.
 * @throws LabError `store-unwritable`, `store-full`.
 */
export async function writeRunFolder(folder: string, run: RunRecord): Promise<readonly string[]> {
  const paths = [...ROWS, ...DRAWN].map((name) => join(folder, name));
  if (paths.every((path) => existsSync(path)) && (await holdsRun(folder, run))) return paths;
  await writeRun(folder, run);
  await writeTableAndFigure(folder, run);
  return paths;
}

/**
 * Writes what follows from a run's rows: its table and its figure.
 * @returns the paths, the figure last.
 * @throws LabError `store-unwritable`, `store-full`.
 */
export async function writeTableAndFigure(folder: string, run: RunRecord): Promise<readonly string[]> {
  const svg = figureToSvg(mainFigure(run));
  const files: Readonly<Record<(typeof DRAWN)[number], string | Uint8Array>> = {
    "table.md": `${summaryTable(run, "markdown")}\n`,
    "figure.svg": svg,
    "figure.png": svgToPng(svg).bytes,
  };
  for (const [name, content] of Object.entries(files)) await writeWhole(join(folder, name), content);
  return Object.keys(files).map((name) => join(folder, name));
}

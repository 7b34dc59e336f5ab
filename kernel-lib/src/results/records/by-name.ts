import type { ColumnTable } from "arquero";
import { type Columns, frameOf, frames, type Row } from "../frames/index.js";
import { calibration } from "./calibration.js";
import { comparisons } from "./comparisons.js";
import { costs } from "./costs.js";
import { labels } from "./labels.js";
import { losses } from "./losses.js";
import { pairs } from "./pairs.js";
import { rounds } from "./rounds.js";
import { runs } from "./runs.js";
import { steps } from "./steps.js";
import { type RecordSource, type RecordTable, recordsOfFrame } from "./table.js";

/**
 * The rows of runs as they were recorded, by name. Those of `results/`: runs, rounds, examples, evaluators, comparisons, calibration. Those of the
 * store: labels, pairs, losses, steps, costs.
 */
export const recordTables = {
  runs: recordsOfFrame(runs),
  rounds: recordsOfFrame(rounds),
  examples: recordsOfFrame(frames.examples),
  evaluators: recordsOfFrame(frames.evaluators),
  comparisons: recordsOfFrame(comparisons),
  calibration: recordsOfFrame(calibration),
  labels,
  pairs,
  losses,
  steps,
  costs,
} as const;
export type RecordsName = keyof typeof recordTables;

/** A run among others. */
export interface NamedSource extends RecordSource {
  /** What sets it apart: where it lies under `results/`. */
  readonly name: string;
}

const runColumn = {
  run: { type: "text", unit: "name", meaning: "The run: its folder under results/." },
} as const;

/** The rows of one run as a table. */
export async function recordsOf(name: RecordsName, source: RecordSource): Promise<ColumnTable> {
  const { columns, rowsOf } = recordTables[name] as unknown as RecordTable;
  return frameOf(columns, await rowsOf(source));
}

/** The columns of a table over several runs: the run's name, and those of its rows. */
export function columnsOfAll(name: RecordsName): Columns {
  return { ...runColumn, ...recordTables[name].columns };
}

/** The rows of several runs, each with its run's name. */
export async function rowsOfAll(name: RecordsName, sources: readonly NamedSource[]): Promise<Iterable<Row<Columns>>> {
  const { rowsOf } = recordTables[name] as unknown as RecordTable;
  const tables: (readonly [string, Iterable<Row<Columns>>])[] = [];
  // One run after the other: reading a store is work for its disk.
  for (const source of sources) tables.push([source.name, await rowsOf(source)]);
  return withRun(tables);
}

function* withRun(tables: readonly (readonly [string, Iterable<Row<Columns>>])[]): Iterable<Row<Columns>> {
  for (const [run, rows] of tables) for (const row of rows) yield { run, ...row };
}

import type { ColumnTable } from "arquero";
import type { RunRecord } from "../../experiments/index.js";
import { armCurves, heldOutAccuracy } from "../curves.js";
import { defineFrame, frameOf } from "./frame.js";
import { endColumns, ends, percent } from "./percent.js";
import { pointColumns } from "./point-columns.js";

const columns = {
  arm: pointColumns.arm,
  round: pointColumns.round,
  heldOut: {
    type: "number",
    unit: "%",
    meaning: "Accuracy of the trained evaluator on pairs kept back from its training; null for other sources.",
  },
  ...endColumns(
    "met",
    "%",
    "How often the source preferred the correct answer, on the pairs it met of which exactly one was correct, all seeds together",
    "Wilson score",
  ),
  pairs: { type: "integer", unit: "pairs", meaning: "How many such pairs it met." },
} as const;

export const comparisons = defineFrame(columns, (run: RunRecord) =>
  armCurves(run).flatMap(({ arm, points, description }) =>
    points
      .filter((point) => point.comparisons !== null)
      .map((point) => ({
        ...{ arm, round: point.round },
        heldOut: description?.comparisons === "evaluator" ? percent(heldOutAccuracy(run)?.value) : null,
        ...ends("met", point.comparisons),
        pairs: point.comparisonCount,
      })),
  ),
);

/** One row an arm and round with comparisons: their accuracy in % on held-out pairs (evaluator only) and on the pairs that were met. */
export function comparisonsFrame(run: RunRecord): ColumnTable {
  return frameOf(comparisons.columns, comparisons.rowsOf(run));
}

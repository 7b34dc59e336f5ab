import type { ColumnTable } from "arquero";
import type { RunRecord } from "../../experiments/index.js";
import { armCurves } from "../curves.js";
import { defineFrame, frameOf } from "./frame.js";
import { percent } from "./percent.js";
import { pointColumns } from "./point-columns.js";

const columns = {
  arm: pointColumns.arm,
  round: pointColumns.round,
  replaced: { type: "number", unit: "labels", meaning: "Labels replaced in this round, mean over seeds." },
  fixed: { type: "number", unit: "labels", meaning: "Wrong labels made right, mean over seeds." },
  broken: { type: "number", unit: "labels", meaning: "Right labels made wrong, mean over seeds." },
  net: { type: "number", unit: "labels", meaning: "Labels gained: fixed less broken." },
  trainedOn: {
    type: "number",
    unit: "labels",
    meaning:
      "Labels that the student was trained on, mean over seeds: fewer where a filter drops some; null in older records.",
  },
  labels: { type: "number", unit: "%", meaning: "Labels that are correct after this round, mean over seeds." },
} as const;

export const labels = defineFrame(columns, (run: RunRecord) =>
  armCurves(run).flatMap(({ arm, points }) =>
    points
      .filter(({ fixed }) => fixed !== null)
      .map(({ round, labelAccuracy, accepted, fixed, broken, labelCount }) => ({
        ...{ arm, round, replaced: accepted, fixed, broken, net: fixed! - broken!, trainedOn: labelCount },
        labels: percent(labelAccuracy?.value),
      })),
  ),
);

/**
 * One row an arm that decides about labels and round: how many were replaced, how many wrong ones made right and right ones made wrong, and how
 * many the student was trained on (fewer where a filter drops some; null in older records). Counts are means over seeds.
 */
export function labelsFrame(run: RunRecord): ColumnTable {
  return frameOf(labels.columns, labels.rowsOf(run));
}

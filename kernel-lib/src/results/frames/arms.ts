import type { ColumnTable } from "arquero";
import type { RunRecord } from "../../experiments/index.js";
import { type ArmCurve, armCurves, heldOutAccuracy, lastPoint, pairedDifference, sftCurve } from "../curves.js";
import { defineFrame, frameOf, type Row } from "./frame.js";
import { endColumns, ends, percent } from "./percent.js";
import { pointColumns } from "./point-columns.js";

const how = "over seeds, or over the questions of one";

const columns = {
  arm: pointColumns.arm,
  method: pointColumns.method,
  round: { ...pointColumns.round, meaning: "The arm's last round, which the row is about; 0 for arms without rounds." },
  seeds: { type: "integer", unit: "seeds", meaning: "How many seeds are taken together." },
  ...endColumns("accuracy", "%", "Test questions answered right, mean over seeds", how),
  ...endColumns("gain", "points", "Paired difference in test accuracy to SFT on weak labels", how),
  labels: {
    type: "number",
    unit: "%",
    meaning: "Labels that the models were trained on that are correct, mean over seeds.",
  },
  kl: { type: "number", unit: "nats/answer", meaning: "Divergence from the SFT model, mean over seeds." },
  heldOut: {
    type: "number",
    unit: "%",
    meaning: "Accuracy of the trained evaluator on pairs kept back from its training; null for other sources.",
  },
  met: {
    type: "number",
    unit: "%",
    meaning: "Accuracy of the source on the pairs that it met in this round, all seeds together.",
  },
} as const;

export const arms = defineFrame(columns, (run: RunRecord) => armCurves(run).map((curve) => armsRow(run, curve)));

/**
 * One row an arm, at its last round, seeds together: test accuracy in % and its paired difference to SFT on weak labels in points,
 * both with 95 % intervals; label accuracy, divergence, and how good its comparisons were on held-out pairs and on those it met.
 */
export function armsFrame(run: RunRecord): ColumnTable {
  return frameOf(arms.columns, arms.rowsOf(run));
}

function armsRow(run: RunRecord, curve: ArmCurve): Row<typeof columns> {
  const { arm, method, description } = curve;
  const last = lastPoint(curve);
  const sft = sftCurve(run, curve.arm);
  return {
    ...{ arm, method, round: last.round, seeds: last.seeds.length },
    ...ends("accuracy", last.accuracy),
    ...ends("gain", sft && sft !== curve ? pairedDifference(last, lastPoint(sft)) : null),
    labels: percent(last.labelAccuracy?.value),
    kl: last.kl?.value ?? null,
    heldOut: description?.comparisons === "evaluator" ? percent(heldOutAccuracy(run)?.value) : null,
    met: percent(last.comparisons?.value),
  };
}

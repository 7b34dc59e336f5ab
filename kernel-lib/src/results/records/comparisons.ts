import type { Arm, RunRecord } from "../../experiments/index.js";
import { defineFrame, pointColumns } from "../frames/index.js";
import { rounds } from "./rounds.js";

const { comparisonAccuracy, comparisonCount, selectedAccuracy, selectedCount } = rounds.columns;

const columns = {
  ...pointColumns,
  source: {
    type: "text",
    unit: "name",
    meaning:
      "Who compares: evaluator, oracle, random, judge, human, a noisy oracle and its accuracy, or the name of a source of one's own.",
  },
  heldOutAccuracy: {
    type: "number",
    unit: "share",
    meaning: "Accuracy of the seed's evaluator, 0 to 1, on pairs kept back from its training; null for other sources.",
  },
  ...{ comparisonAccuracy, comparisonCount, selectedAccuracy, selectedCount },
} as const;

/** One row a point whose method compares: how good its comparisons were. */
export const comparisons = defineFrame(columns, ({ points, evaluators, provenance }: RunRecord) => {
  const arms = new Map(provenance.experiment.arms.map((arm) => [arm.name, arm]));
  const heldOut = new Map(evaluators.map(({ seed, validationAccuracy }) => [seed, validationAccuracy]));
  return points.flatMap((point) => {
    const source = sourceOf(arms.get(point.arm));
    if (point.comparisonCount === null || source === null) return [];
    const { seed, arm, method, round } = point;
    return [
      {
        ...{ seed, arm, method, round, source },
        heldOutAccuracy: source === "evaluator" ? (heldOut.get(seed) ?? null) : null,
        ...{ comparisonAccuracy: point.comparisonAccuracy, comparisonCount: point.comparisonCount },
        ...{ selectedAccuracy: point.selectedAccuracy, selectedCount: point.selectedCount },
      },
    ];
  });
});

function sourceOf(arm: Arm | undefined): string | null {
  const { comparisons: source } = arm ?? {};
  if (typeof source !== "object") return source ?? null;
  return "own" in source ? source.own : `noisy oracle ${source.noisyOracle}`;
}

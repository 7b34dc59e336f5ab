import type { CalibrationBin, RunRecord } from "../../experiments/index.js";
import { defineFrame, pointColumns, type Row } from "../frames/index.js";

const columns = {
  ...pointColumns,
  arm: {
    ...pointColumns.arm,
    meaning: "The arm whose source it is; null for the evaluator on pairs kept back from its training.",
  },
  bin: {
    type: "integer",
    unit: "tenth",
    meaning: "Tenth of the scores from 0 to 1, from 0: bin 7 holds those from 0.7 to 0.8.",
  },
  pairs: {
    type: "integer",
    unit: "pairs",
    meaning: "Pairs with such a score, of which exactly one answer is correct.",
  },
  right: { type: "integer", unit: "pairs", meaning: "Of them, those whose second answer is the correct one." },
  belief: {
    type: "number",
    unit: "probability",
    meaning: "Mean score: the source's belief that the second answer is better; null for an empty bin.",
  },
} as const;

/** One row a bin of scores of each point that compares, and of each evaluator on held-out pairs: belief against truth. */
export const calibration = defineFrame(columns, ({ points, evaluators }: RunRecord) => [
  ...evaluators.flatMap(({ seed, calibration: bins }) => rowsOf({ seed, arm: null, method: null, round: null }, bins)),
  ...points.flatMap(({ seed, arm, method, round, calibration: bins }) => rowsOf({ seed, arm, method, round }, bins)),
]);

/** Older records have no bins. */
function rowsOf(
  about: Pick<Row<typeof columns>, "seed" | "arm" | "method" | "round">,
  bins: readonly CalibrationBin[] | null | undefined,
): readonly Row<typeof columns>[] {
  return (bins ?? []).map(({ pairs, right, belief }, bin) => ({
    ...{ ...about, bin, pairs, right },
    belief: pairs === 0 ? null : belief,
  }));
}

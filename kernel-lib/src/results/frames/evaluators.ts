import type { RunRecord } from "../../experiments/index.js";
import { defineFrame } from "./frame.js";
import { pointColumns } from "./point-columns.js";

const columns = {
  seed: pointColumns.seed,
  validationPairs: {
    type: "integer",
    unit: "pairs",
    meaning: "Pairs that were kept back from the evaluator's training.",
  },
  validationAccuracy: {
    type: "number",
    unit: "share",
    meaning: "Share of them, 0 to 1, of which it prefers the better answer.",
  },
  validationLoss: { type: "number", unit: "nats/pair", meaning: "Its cross-entropy on them." },
} as const;

/** One row a trained evaluator: how good it is on pairs of the kind that it was trained on. */
export const evaluators = defineFrame(columns, (run: RunRecord) => run.evaluators);

/** Twins of the paper's other experiments at micro-math's size: the same arms, on the task, models and recipe of `micro-math/main`. */
import type { ExperimentInput } from "../config.js";
import { betaSweepArms, evaluatorArms, humanArms, naiveArms, oracleArms } from "./arms.js";
import { microMathMain, microMathQuick } from "./micro-math.js";

const { task, alpha, fidelity, recipe, bases, rounds } = microMathMain;
const shared = { task, alpha, fidelity, recipe, bases, rounds, seeds: [0] as [number, ...number[]] };

/** Sec. 5.2; besides the evaluator, comparisons of known reliability. */
export const microMathNaive: ExperimentInput = {
  ...shared,
  name: "micro-math/naive",
  paper: "Sec. 5.2, on micro-math",
  title: "ILR without comparisons (micro-math)",
  arms: [...naiveArms, { name: "ILR (noisy oracle 0.75)", method: "ilr", comparisons: { noisyOracle: 0.75 } }],
};

/** Unreliable demonstrations, reliable comparisons. */
export const microMathOra: ExperimentInput = {
  ...shared,
  name: "micro-math/ora",
  paper: "supervision quality (ora), on micro-math",
  title: "Unreliable demonstrations, reliable comparisons (micro-math)",
  arms: oracleArms,
};

/** Reliable demonstrations, reliable comparisons. */
export const microMathCorora: ExperimentInput = {
  ...shared,
  name: "micro-math/corora",
  paper: "supervision quality (corora), on micro-math",
  title: "Reliable demonstrations, reliable comparisons (micro-math)",
  demonstrations: "correct-weak",
  arms: oracleArms,
};

/** Figures 3a and 3b. */
export const microMathBetaSweep: ExperimentInput = {
  ...shared,
  name: "micro-math/beta-sweep",
  paper: "Fig. 3a, 3b, on micro-math",
  title: "DPO over beta and comparison source (micro-math)",
  arms: betaSweepArms,
};

/** The evaluator alone. */
export const microMathEvaluator: ExperimentInput = {
  ...shared,
  name: "micro-math/evaluator",
  paper: "the evaluator behind Fig. 4, on micro-math",
  title: "Training the evaluator (micro-math)",
  trainEvaluator: true,
  arms: evaluatorArms,
};

/**
 * Sec. 6: a person in place of the evaluator, which stands beside with the oracle. On the questions of `micro-math/quick`, and with as many
 * pairs as somebody answers in half an hour; models and oracle get no such limit, since theirs is what it is without people.
 */
export const microMathHuman: ExperimentInput = {
  ...microMathQuick,
  name: "micro-math/human",
  paper: "Sec. 6, Fig. 6, on micro-math",
  title: "You as the supervisor (micro-math)",
  human: { comparisonsPerRound: 60 },
  arms: [
    ...humanArms,
    { name: "ILR (evaluator)", method: "ilr", comparisons: "evaluator" },
    { name: "DPO (evaluator)", method: "dpo", comparisons: "evaluator" },
    ...oracleArms.filter(({ method }) => method !== "sft"),
  ],
};

/**
 * The places where the paper's text and the released code part (docs/fidelity.md), at micro-math's size. `micro-math/fidelity` changes one
 * flag at a time, in arms that share everything that comes before them: weak labels, SFT, the evaluator, round 1's samples and proposals.
 * F5 and F6 act on exactly those shared steps, so they are flags of a whole experiment: `micro-math/fidelity-f5`, `micro-math/fidelity-f6`, and
 * with every other flag `micro-math/as-released`.
 */
import type { ExperimentInput } from "../config.js";
import { microMathMain } from "./micro-math.js";

const { task, alpha, recipe, bases, rounds } = microMathMain;
const shared = { task, alpha, recipe, bases, rounds, seeds: [0, 1, 2] as [number, ...number[]] };

/** Each flag on its own, beside the arm that it changes. F4 and F8 are not here: word-level tokenizers have no BOS, and nobody judges. */
export const microMathFidelity: ExperimentInput = {
  ...shared,
  name: "micro-math/fidelity",
  title: "As described against as released, flag by flag (micro-math)",
  fidelity: {},
  arms: [
    { name: "SFT", method: "sft" },
    { name: "DPO (evaluator)", method: "dpo", comparisons: "evaluator" },
    {
      name: "DPO (evaluator, F1)",
      method: "dpo",
      comparisons: "evaluator",
      fidelity: { dpoEvaluatorOrder: "as-released" },
    },
    {
      name: "DPO (evaluator, F7)",
      method: "dpo",
      comparisons: "evaluator",
      fidelity: { dpoReference: "as-released" },
    },
    {
      name: "DPO (evaluator, F1, F7)",
      method: "dpo",
      comparisons: "evaluator",
      fidelity: { dpoEvaluatorOrder: "as-released", dpoReference: "as-released" },
    },
    { name: "DPO (oracle)", method: "dpo", comparisons: "oracle" },
    {
      name: "DPO (oracle, F3, F9)",
      method: "dpo",
      comparisons: "oracle",
      fidelity: { oraclePairs: "as-released" },
    },
    { name: "ILR (evaluator)", method: "ilr", comparisons: "evaluator" },
    {
      name: "ILR (evaluator, F2)",
      method: "ilr",
      comparisons: "evaluator",
      fidelity: { alphaBase: "as-released" },
    },
    { name: "ILR (oracle)", method: "ilr", comparisons: "oracle" },
    { name: "ILR (oracle, F3)", method: "ilr", comparisons: "oracle", fidelity: { oracleCap: "as-released" } },
    { name: "Naive ILR", method: "naive-ilr" },
    { name: "Naive ILR (F2)", method: "naive-ilr", fidelity: { alphaBase: "as-released" } },
  ],
};

/** A flag of the whole experiment on its own; SFT, whose supervisor comes with it, is what `micro-math/fidelity` holds it against. */
const sftWith = (name: string, title: string, fidelity: ExperimentInput["fidelity"]): ExperimentInput => ({
  ...shared,
  name,
  title,
  fidelity,
  arms: [{ name: "SFT", method: "sft" }],
});

/** F5: weak labels, proposals and test answers by beam search of width 4. */
export const microMathFidelityF5 = sftWith(
  "micro-math/fidelity-f5",
  "Beam search in place of temperature 0 (micro-math)",
  {
    decoding: "as-released",
  },
);

/** F6: every example counts alike in the loss, however many tokens it has. */
export const microMathFidelityF6 = sftWith("micro-math/fidelity-f6", "Losses averaged by example (micro-math)", {
  lossWeighting: "as-released",
});

/** Every flag as released, from the weak labels on: to be held against `micro-math/fidelity` by `lab.compare`. */
export const microMathAsReleased: ExperimentInput = {
  ...shared,
  name: "micro-math/as-released",
  title: "Everything as released (micro-math)",
  fidelity: "as-released",
  arms: [
    { name: "SFT", method: "sft" },
    { name: "DPO (evaluator)", method: "dpo", comparisons: "evaluator" },
    { name: "DPO (oracle)", method: "dpo", comparisons: "oracle" },
    { name: "ILR (evaluator)", method: "ilr", comparisons: "evaluator" },
    { name: "ILR (oracle)", method: "ilr", comparisons: "oracle" },
    { name: "Naive ILR", method: "naive-ilr" },
  ],
};

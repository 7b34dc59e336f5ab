/**
 * The phase diagram of ILR against DPO, which the paper does not have: comparisons of known accuracy from none (0.5) to perfect (1.0), with
 * errors redrawn in every round or tied to questions, as a fixed evaluator's are; caps alpha on what ILR may replace; and learning rates
 * of DPO, of which the best is chosen on the validation split. Weak labels, SFT and the first round's proposals and samples are shared
 * with `micro-math/main`.
 */
import type { ExperimentInput } from "../config.js";
import { microMathMain } from "./micro-math.js";

type Arm = ExperimentInput["arms"][number];

export const ACCURACIES: readonly number[] = [0.5, 0.6, 0.7, 0.8, 0.9, 1];
/** The paper's cap; half; none. */
export const ALPHAS: readonly number[] = [0.15, 0.5, 1];
/** The recipe's 3e-6, below which the policy stays where it is, and up to where it goes as far from SFT as ILR does. */
export const DPO_RATES: readonly number[] = [3e-6, 1e-5, 3e-5];
/** Where there are errors to be tied to questions. */
const FALLIBLE = ACCURACIES.filter((accuracy) => accuracy < 1);

const { task, fidelity, recipe, bases, rounds } = microMathMain;

const ilrArms = ACCURACIES.flatMap((noisyOracle) =>
  ALPHAS.map(
    (alpha): Arm => ({
      name: `ILR (${noisyOracle}, alpha ${alpha})`,
      method: "ilr",
      comparisons: { noisyOracle, errors: "redrawn" },
      alpha,
    }),
  ),
);

const dpoArms = ACCURACIES.flatMap((noisyOracle) =>
  DPO_RATES.map(
    (lr): Arm => ({
      name: `DPO (${noisyOracle}, lr ${lr})`,
      method: "dpo",
      comparisons: { noisyOracle, errors: "redrawn" },
      lr,
    }),
  ),
);

const fixedArms = FALLIBLE.flatMap((noisyOracle): Arm[] => {
  const comparisons = { noisyOracle, errors: "by-question" } as const;
  return [
    { name: `ILR (${noisyOracle}, fixed errors)`, method: "ilr", comparisons },
    ...DPO_RATES.map(
      (lr): Arm => ({ name: `DPO (${noisyOracle}, fixed errors, lr ${lr})`, method: "dpo", comparisons, lr }),
    ),
  ];
});

export const microMathPhase: ExperimentInput = {
  ...{ task, fidelity, recipe, bases, rounds },
  name: "micro-math/phase",
  title: "ILR against DPO by the accuracy of comparisons (micro-math)",
  alpha: 0.15,
  seeds: [0, 1, 2],
  validate: true,
  arms: [{ name: "SFT", method: "sft" }, ...ilrArms, ...dpoArms, ...fixedArms],
};

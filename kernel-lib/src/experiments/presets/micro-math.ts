/**
 * The paper's GSM8K experiment at a size that two CPU cores can run: models of 0.09 and 0.34 million parameters that the
 * kit pretrains itself. Ratios follow the paper where they carry over (alpha, six samples in three pairs, beta, cosine with
 * 5 % warm-up, evaluator recipe); learning rates, batch sizes and epochs were chosen on the validation split
 * (docs/decisions/0004-micro-math-recipe.md).
 */
import type { ExperimentInput } from "../config.js";
import { microMainArms, microQuickArms } from "./arms.js";
import { microBase } from "./micro-base.js";

const recipe: ExperimentInput["recipe"] = {
  weak: { epochs: 2, batchSize: 8, optimizer: { name: "adamw", lr: 1e-3 }, checkpoints: 10 },
  student: { epochs: 2, batchSize: 8, optimizer: { name: "adamw", lr: 5e-4 } },
  evaluator: { epochs: 5, batchSize: 16, patience: 1, optimizer: { name: "adamw", lr: 1e-3 } },
  dpo: { beta: 0.1, epochs: 1, batchSize: 8, optimizer: { name: "rmsprop", lr: 3e-6 } },
  evaluatorTemperature: 0.6,
  preferenceSampling: { temperature: 0.7, samples: 6 },
};

/** Sizes and tokens were chosen so that the weak one gets about half of the answers right. */
const bases: ExperimentInput["bases"] = {
  strong: microBase({ name: "micro-math-strong", hiddenSize: 96, intermediateSize: 256, tokens: 6_000_000 }),
  weak: microBase({ name: "micro-math-weak", hiddenSize: 48, intermediateSize: 128, tokens: 8_000_000 }),
  pairs: 7,
};

const shared = { task: "micro-math", alpha: 0.15, fidelity: {}, recipe, bases };

/** SFT, SFT+DPO and SFT+ILR round by round (the twin of figure 4's GSM8K panel), with naive, oracle and as-released variants. */
export const microMathMain: ExperimentInput = {
  ...shared,
  name: "micro-math/main",
  paper: "Fig. 4 (GSM8K), on micro-math",
  title: "ILR, DPO and SFT under weak supervision (micro-math)",
  seeds: [0],
  rounds: { ilr: 3, dpo: 3 },
  arms: microMainArms,
};

/**
 * Half a minute's taste of the same: two rounds, fewer questions, three arms. With half as many questions the half models of ILR, trained
 * on 250 labels, do not learn to end an answer, and there is nothing to compare.
 */
export const microMathQuick: ExperimentInput = {
  ...shared,
  name: "micro-math/quick",
  title: "Two rounds of ILR and DPO (micro-math)",
  seeds: [0],
  rounds: { ilr: 2, dpo: 2 },
  limit: { train: 2000, validation: 100, test: 1000 },
  arms: microQuickArms,
};

/**
 * The paper's BIRD experiment at a size that two CPU cores can run, as `micro-math/main` is for GSM8K: databases of two small tables, and
 * models that the kit pretrains itself. Sizes, tokens and learning rates were chosen on the validation split
 * (docs/decisions/0016-micro-sql.md).
 */
import type { ExperimentInput } from "../config.js";
import { evaluatorBetaArms, microMainArms, microQuickArms } from "./arms.js";
import { microBase } from "./micro-base.js";
import { microMathMain } from "./micro-math.js";

const recipe: ExperimentInput["recipe"] = {
  ...microMathMain.recipe,
  student: { epochs: 2, batchSize: 8, optimizer: { name: "adamw", lr: 2.5e-4 } },
  evaluator: { epochs: 10, batchSize: 16, patience: 4, optimizer: { name: "adamw", lr: 3e-4 } },
  dpo: { beta: 0.1, epochs: 1, batchSize: 8, optimizer: { name: "rmsprop", lr: 1e-5 } },
};

/** Wider initial weights than GPT-2's: with 0.02, models this narrow do not learn to copy names from the question. */
const pretraining = { beta2: 0.98, batchSize: 8 } as const;

/** Sizes and tokens were chosen so that the weak one gets about half of the answers right. */
const bases: ExperimentInput["bases"] = {
  strong: microBase({
    ...{ name: "micro-sql-strong", hiddenSize: 96, intermediateSize: 256, tokens: 3_000_000 },
    ...{ ...pretraining, lr: 2e-3, initializerRange: 0.1 },
  }),
  weak: microBase({
    ...{ name: "micro-sql-weak", hiddenSize: 40, intermediateSize: 108, tokens: 3_000_000 },
    ...{ ...pretraining, lr: 3e-3, initializerRange: 0.16 },
  }),
  pairs: 3,
};

const shared = { task: "micro-sql", alpha: microMathMain.alpha, fidelity: {}, recipe, bases };

/** SFT, SFT+DPO and SFT+ILR round by round (the twin of figure 4's BIRD panel), with naive, oracle and as-released variants. */
export const microSqlMain: ExperimentInput = {
  ...shared,
  name: "micro-sql/main",
  paper: "Fig. 4 (BIRD), on micro-sql",
  title: "ILR, DPO and SFT under weak supervision (micro-sql)",
  seeds: [0],
  rounds: microMathMain.rounds,
  arms: microMainArms,
};

/** Figure 3a with the trained evaluator. */
export const microSqlBetaSweep: ExperimentInput = {
  ...microSqlMain,
  name: "micro-sql/beta-sweep",
  paper: "Fig. 3a, on micro-sql",
  title: "DPO over beta (micro-sql)",
  arms: evaluatorBetaArms,
};

/** A short taste of the same: two rounds, fewer questions, three arms. */
export const microSqlQuick: ExperimentInput = {
  ...shared,
  name: "micro-sql/quick",
  title: "Two rounds of ILR and DPO (micro-sql)",
  seeds: [0],
  rounds: { ilr: 2, dpo: 2 },
  limit: { train: 2000, validation: 100, test: 1000 },
  arms: microQuickArms,
};

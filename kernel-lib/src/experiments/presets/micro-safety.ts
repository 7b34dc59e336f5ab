/**
 * The paper's SaferPaca experiment at a size that two CPU cores can run. As there, SFT takes four epochs, DPO's answers are drawn at temperature 1, and the
 * evaluator learns from supervisors that know one category only. Labels and proposals are drawn at temperature 0, because most answers are not open-ended
 * here. Choices were made on the validation split (docs/decisions/0017-micro-safety.md).
 */
import type { ExperimentInput } from "../config.js";
import { evaluatorBetaArms, microMainArms } from "./arms.js";

const recipe: ExperimentInput["recipe"] = {
  weak: { epochs: 4, batchSize: 8, optimizer: { name: "adamw", lr: 1e-3 }, checkpoints: 10 },
  student: { epochs: 4, batchSize: 8, optimizer: { name: "adamw", lr: 5e-4 } },
  evaluator: { epochs: 5, batchSize: 16, patience: 1, optimizer: { name: "adamw", lr: 1e-3 } },
  dpo: { beta: 0.1, epochs: 1, batchSize: 8, optimizer: { name: "rmsprop", lr: 1e-5 } },
  evaluatorTemperature: 0.6,
  evaluatorPairs: "one-sided",
  preferenceSampling: { temperature: 1, samples: 6 },
};

const pretraining = {
  sequenceLength: 64,
  batchSize: 8,
  optimizer: { name: "adamw", lr: 2e-3, weightDecay: 0.01 },
  storage: "bfloat16",
} as const;

const shape = { layers: 3, heads: 4, maxPositions: 128, tiedEmbeddings: true } as const;

/** Sizes and tokens were chosen so that the weak one gets about half of the answers right. */
const bases: ExperimentInput["bases"] = {
  strong: {
    name: "micro-safety-strong",
    corpusTokens: 7_000_000,
    pretrain: {
      architecture: { ...shape, hiddenSize: 96, intermediateSize: 256 },
      tokens: 7_000_000,
      ...pretraining,
    },
  },
  weak: {
    name: "micro-safety-weak",
    corpusTokens: 5_000_000,
    pretrain: {
      architecture: { ...shape, hiddenSize: 48, intermediateSize: 128 },
      tokens: 5_000_000,
      ...pretraining,
    },
  },
  pairs: 3,
};

/** SFT, SFT+DPO and SFT+ILR round by round (the twin of figure 4's SaferPaca panel), with naive, oracle and as-released variants. */
export const microSafetyMain: ExperimentInput = {
  ...{ task: "micro-safety", alpha: 0.15, fidelity: {}, recipe, bases },
  name: "micro-safety/main",
  paper: "Fig. 4 (SaferPaca), on micro-safety",
  title: "ILR, DPO and SFT under weak supervision (micro-safety)",
  seeds: [0],
  rounds: { ilr: 3, dpo: 3 },
  arms: microMainArms,
};

/** Figure 3a with the trained evaluator. */
export const microSafetyBetaSweep: ExperimentInput = {
  ...microSafetyMain,
  name: "micro-safety/beta-sweep",
  paper: "Fig. 3a, on micro-safety",
  title: "DPO over beta (micro-safety)",
  arms: evaluatorBetaArms,
};

/**
 * The paper's GSM8K experiment at a size that two CPU cores can run: models of 0.09 and 0.34 million parameters that the
 * kit pretrains itself. Ratios follow the paper where they carry over (alpha, six samples in three pairs, beta, cosine with
 * 5 % warm-up, evaluator recipe); learning rates, batch sizes and epochs were chosen on the validation split
 * (docs/decisions/0004-micro-math-recipe.md).
 */
import type { ExperimentInput } from "../config.js";

const recipe: ExperimentInput["recipe"] = {
  weak: { epochs: 2, batchSize: 8, optimizer: { name: "adamw", lr: 1e-3 }, checkpoints: 10 },
  student: { epochs: 2, batchSize: 8, optimizer: { name: "adamw", lr: 5e-4 } },
  evaluator: { epochs: 5, batchSize: 16, patience: 1, optimizer: { name: "adamw", lr: 1e-3 } },
  dpo: { beta: 0.1, epochs: 1, batchSize: 8, optimizer: { name: "rmsprop", lr: 3e-6 } },
  evaluatorTemperature: 0.6,
  preferenceSampling: { temperature: 0.7, samples: 6 },
};

/** Both have tied embeddings; sizes and tokens were chosen so that the weak one gets about half of the answers right. */
const bases: ExperimentInput["bases"] = {
  strong: {
    name: "micro-math-strong",
    corpusTokens: 6_000_000,
    pretrain: {
      architecture: {
        hiddenSize: 96,
        layers: 3,
        heads: 4,
        intermediateSize: 256,
        maxPositions: 256,
        tiedEmbeddings: true,
      },
      tokens: 6_000_000,
      sequenceLength: 64,
      batchSize: 16,
      optimizer: { name: "adamw", lr: 3e-3, weightDecay: 0.01 },
      storage: "bfloat16",
    },
  },
  weak: {
    name: "micro-math-weak",
    corpusTokens: 8_000_000,
    pretrain: {
      architecture: {
        hiddenSize: 48,
        layers: 3,
        heads: 4,
        intermediateSize: 128,
        maxPositions: 256,
        tiedEmbeddings: true,
      },
      tokens: 8_000_000,
      sequenceLength: 64,
      batchSize: 16,
      optimizer: { name: "adamw", lr: 3e-3, weightDecay: 0.01 },
      storage: "bfloat16",
    },
  },
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
  arms: [
    { name: "SFT", method: "sft" },
    { name: "SFT on ground truth", method: "sft-ground-truth" },
    { name: "ILR (evaluator)", method: "ilr", comparisons: "evaluator" },
    { name: "ILR (noisy oracle 0.75)", method: "ilr", comparisons: { noisyOracle: 0.75 } },
    { name: "ILR (oracle)", method: "ilr", comparisons: "oracle" },
    { name: "Naive ILR", method: "naive-ilr" },
    { name: "DPO (evaluator)", method: "dpo", comparisons: "evaluator" },
    {
      name: "DPO (evaluator, as released)",
      method: "dpo",
      comparisons: "evaluator",
      fidelity: { dpoEvaluatorOrder: "as-released" },
    },
    { name: "DPO (noisy oracle 0.75)", method: "dpo", comparisons: { noisyOracle: 0.75 } },
    { name: "DPO (oracle)", method: "dpo", comparisons: "oracle" },
  ],
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
  arms: [
    { name: "SFT", method: "sft" },
    { name: "ILR (noisy oracle 0.75)", method: "ilr", comparisons: { noisyOracle: 0.75 } },
    { name: "DPO (noisy oracle 0.75)", method: "dpo", comparisons: { noisyOracle: 0.75 } },
  ],
};

/** Base models that the kit pretrains itself. */
import type { ExperimentInput } from "../config.js";

/** What differs between the micro tasks' base models. */
export interface MicroBase {
  readonly name: string;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  /** Tokens of the corpus, each seen once. */
  readonly tokens: number;
  /** Peak of the learning rate. Default: 3e-3. */
  readonly lr?: number;
  /** Decay rate of the optimizer's second moment. Default: 0.999. */
  readonly beta2?: number;
  /** Standard deviation of fresh weights. Default: 0.02. */
  readonly initializerRange?: number;
  /** Sequences of 64 tokens in a step of pretraining. Default: 16. */
  readonly batchSize?: number;
}

/** A small transformer with tied embeddings, of three layers, and its pretraining. */
export function microBase({
  name,
  hiddenSize,
  intermediateSize,
  tokens,
  lr = 3e-3,
  beta2,
  initializerRange,
  batchSize = 16,
}: MicroBase): ExperimentInput["bases"]["strong"] {
  return {
    name,
    corpusTokens: tokens,
    pretrain: {
      architecture: { hiddenSize, layers: 3, heads: 4, intermediateSize, maxPositions: 256, tiedEmbeddings: true },
      tokens,
      sequenceLength: 64,
      batchSize,
      optimizer: { name: "adamw", lr, ...(beta2 !== undefined && { beta2 }), weightDecay: 0.01 },
      ...(initializerRange !== undefined && { initializerRange }),
      storage: "bfloat16",
    },
  };
}

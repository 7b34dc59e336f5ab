/** Base models that the kit pretrains itself. */
import type { ExperimentInput } from "../config.js";

/** What differs between the micro tasks' base models. */
export interface MicroBase {
  readonly name: string;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  /** Tokens of the corpus, each seen once. */
  readonly tokens: number;
  /** Heads of attention. Default: 4. */
  readonly heads?: number;
  /** Longest text that a model sees at once in pretraining. Default: 64. */
  readonly sequenceLength?: number;
}

/** Tokens of a step of pretraining. */
const TOKENS_A_STEP = 1024;

/** A small transformer with tied embeddings, of three layers, and its pretraining. */
export function microBase({
  name,
  hiddenSize,
  intermediateSize,
  tokens,
  heads = 4,
  sequenceLength = 64,
}: MicroBase): ExperimentInput["bases"]["strong"] {
  return {
    name,
    corpusTokens: tokens,
    pretrain: {
      architecture: { hiddenSize, layers: 3, heads, intermediateSize, maxPositions: 256, tiedEmbeddings: true },
      tokens,
      sequenceLength,
      batchSize: TOKENS_A_STEP / sequenceLength,
      optimizer: { name: "adamw", lr: 3e-3, weightDecay: 0.01 },
      storage: "bfloat16",
    },
  };
}

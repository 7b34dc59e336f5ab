import type { ModelShape, ModelSize } from "./model-size.js";
import type { Pass } from "./passes.js";

/** How a step trains. */
export interface TrainingMode {
  /** Only an adapter learns: the weights under it pass gradients on and get none. */
  readonly adapterOnly: boolean;
  /** Gradient checkpointing: the forward pass is computed again on the way back. */
  readonly recompute: boolean;
}

/**
 * Floating-point operations of some passes through a model of N parameters with an adapter of A parameters, and T positions of
 * attention width d in L layers.
 *
 * | what | operations | source |
 * |---|---|---|
 * | forwards, a token | 2N + 2A | Kaplan et al. 2020, section 2.1: a multiplication and an addition a weight |
 * | training, a token | 6N | as there: backwards costs twice forwards, for gradients of inputs and of weights |
 * | training an adapter, a token | 4N + 6A | the same without gradients of the N frozen weights (Hu et al. 2021) |
 * | gradient checkpointing, a trained token | + 2N + 2A | Chen et al. 2016: one more forward pass |
 * | attention, positions from a to b of a sequence | 2 L d (b² - a²) | scores and mixing, 4 L d an earlier position; causal; three times that in training, four with checkpointing |
 *
 * N counts all parameters: that is exact for tied embeddings (the output head multiplies by them) and up to 2 % too much for
 * untied ones of the paper's models, whose input embedding is only looked up. Left out: norms, softmax, the optimizer, padding, and the draw of tokens.
 *
 * @returns 0 for a model of unknown size.
 * @example
 * flopsOf(passesOf("sft", params, { demonstrations: 2000 }, task.typicalTokens), { parameters: 350_000 }, full); // 4e11
 */
export function flopsOf(passes: readonly Pass[], model: ModelSize, mode: TrainingMode): number {
  const { parameters, adapter = 0, shape } = model;
  if (parameters === undefined) return 0;
  const forward = 2 * (parameters + adapter);
  const again = mode.recompute ? forward : 0;
  const training = (mode.adapterOnly ? 4 * parameters + 6 * adapter : 6 * (parameters + adapter)) + again;
  return passes.reduce((sum, { kind, sequences, from, to }) => {
    const isTrained = kind === "trained";
    const times = isTrained ? (mode.recompute ? 4 : 3) : 1;
    const each = (to - from) * (isTrained ? training : forward) + times * attention(shape, from, to);
    return sum + sequences * each;
  }, 0);
}

function attention(shape: ModelShape | undefined, from: number, to: number): number {
  return shape === undefined ? 0 : 2 * shape.layers * shape.heads * shape.headSize * (to ** 2 - from ** 2);
}

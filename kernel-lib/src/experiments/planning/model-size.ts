import type { Architecture } from "../../steps/index.js";

/** What a plan counts with of a decoder with gated feed-forward layers (Llama, Mistral, Gemma). */
export interface ModelShape {
  readonly layers: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly heads: number;
  /** Fewer than `heads` with grouped queries. */
  readonly keyValueHeads: number;
  readonly headSize: number;
  readonly vocabSize: number;
}

/** How large a model is, as far as it is known. */
export interface ModelSize {
  /** Undefined: nothing can be counted that depends on it. */
  readonly parameters: number | undefined;
  /** Undefined: attention, adapters and activations are left out. */
  readonly shape?: ModelShape | undefined;
  /** Parameters of the low-rank adapter on it, if there is one. */
  readonly adapter?: number;
}

/** Number of parameters of a model that the kit pretrains. */
export function parametersOf(architecture: Omit<Architecture, "ropeTheta" | "rmsNormEps">): number {
  const { hiddenSize: h, intermediateSize, layers, vocabSize, tiedEmbeddings } = architecture;
  const layer = 4 * h * h + 3 * h * intermediateSize + 2 * h;
  return layers * layer + (tiedEmbeddings ? 1 : 2) * vocabSize * h + h;
}

/** The shape of a model that the kit pretrains: every head has its own keys and values. */
export function shapeOf(architecture: Omit<Architecture, "ropeTheta" | "rmsNormEps">): ModelShape {
  const { layers, hiddenSize, intermediateSize, heads, vocabSize } = architecture;
  return { layers, hiddenSize, intermediateSize, heads, keyValueHeads: heads, headSize: hiddenSize / heads, vocabSize };
}

/**
 * Parameters of low-rank adapters on all linear layers but the output head: rank x (inputs + outputs) each (Hu et al. 2021, section 4.1;
 * the paper's Table 1: rank 64, all linear layers).
 *
 * @example
 * adapterParameters({ layers: 32, hiddenSize: 4096, intermediateSize: 14336, heads: 32, keyValueHeads: 8, headSize: 128, vocabSize: 32000 }, 64);
 * // 167772160 for Mistral 7B
 */
export function adapterParameters(shape: ModelShape, rank: number): number {
  const { layers, hiddenSize: h, intermediateSize: i, heads, keyValueHeads, headSize } = shape;
  const queries = h + heads * headSize;
  const keysOrValues = h + keyValueHeads * headSize;
  const feedForward = 3 * (h + i);
  return layers * rank * (2 * queries + 2 * keysOrValues + feedForward);
}

import type { Params, Verb } from "../../steps/index.js";
import type { TrainingMode } from "./flops.js";
import type { ModelSize } from "./model-size.js";
import type { Pass } from "./passes.js";

/** Bytes of optimizer state a trained parameter: two moments, one, or none to speak of (AdaFactor keeps rows and columns only). */
const STATE_BYTES = { adamw: 8, rmsprop: 4, adafactor: 0 } as const;
const FLOAT32 = 4;
const BFLOAT16 = 2;

/** Sequences that are answered side by side at the least; a sampler takes more where there is room. */
const SIDE_BY_SIDE = 32;

/**
 * Bytes of accelerator memory that a step needs, estimated; undefined where the model's size is not known.
 *
 * | part | bytes |
 * |---|---|
 * | weights | 2 a parameter in bfloat16 if they are only read, else 4 (weights that are trained stay in float32) |
 * | training, a trained parameter | 4 for its gradient, and 8 (AdamW), 4 (RMSprop) or 0 (AdaFactor) of optimizer state; adapters 4 more for themselves |
 * | activations | for one sequence (Table 1: mini-batches of one): 34 T h a layer (Korthikanti et al. 2022, without attention scores), with checkpointing 2 T h a layer and one layer's 34 T h |
 * | logits | 8 T V for one trained sequence: values and gradients in float32 |
 * | key-value cache | 2 L x keys and values x 2 bytes a position, of 32 sequences |
 */
export function memoryOf<V extends Verb>(
  verb: V,
  params: Params<V>,
  model: ModelSize,
  passes: readonly Pass[],
  mode: TrainingMode,
): number | undefined {
  const { parameters, adapter = 0 } = model;
  if (parameters === undefined) return undefined;
  const trains = "optimizer" in params;
  const trainsAll = trains && !mode.adapterOnly;
  const each = params.precision === "bfloat16" && !trainsAll ? BFLOAT16 : FLOAT32;
  const learned = !trains ? 0 : mode.adapterOnly ? adapter : parameters;
  const state = trains ? STATE_BYTES[params.optimizer.name] : 0;
  return each * parameters + FLOAT32 * adapter + (FLOAT32 + state) * learned + working(verb, model, passes, mode);
}

/** Bytes of activations, logits and cached keys and values. */
function working(verb: Verb, { shape }: ModelSize, passes: readonly Pass[], mode: TrainingMode): number {
  if (shape === undefined) return 0;
  const { layers, hiddenSize, vocabSize, keyValueHeads, headSize } = shape;
  const longest = Math.max(0, ...passes.map(({ to }) => to));
  if (verb === "sample") return SIDE_BY_SIDE * longest * layers * 2 * keyValueHeads * headSize * BFLOAT16;
  const layer = 34 * longest * hiddenSize;
  if (!passes.some(({ kind }) => kind === "trained")) return layer;
  const kept = mode.recompute ? layers * BFLOAT16 * longest * hiddenSize + layer : layers * layer;
  return kept + 8 * longest * vocabSize;
}

/** Share of an accelerator's memory that a step can use; the rest is the runtime's. */
const USABLE = 0.9;

/** How many accelerators of so much memory hold so many bytes, at the least; 0 where nobody knows. */
export function acceleratorsFor(bytes: number | undefined, memoryBytes: number): number {
  return bytes === undefined ? 0 : Math.max(1, Math.ceil(bytes / (USABLE * memoryBytes)));
}

/** The pieces of a Llama decoder that reading a prompt and continuing it have in common, as ONNX nodes. */

import type { Checkpoint } from "../checkpoint.js";
import { parameterLayout } from "../layout.js";
import type { Graph, Value } from "../onnx/graph.js";

const MICROSOFT = { domain: "com.microsoft" } as const;

/** One layer's weights as constants of a graph; matrices are [out, in]. */
export interface LayerWeights {
  readonly inputNorm: Value;
  /** Query, key and value one below the other, [3 * width, width]; query scaled by 1/sqrt(head size), so that attention's products need no factor. */
  readonly attention: Value;
  readonly output: Value;
  readonly mlpNorm: Value;
  readonly gate: Value;
  readonly up: Value;
  readonly down: Value;
}

/** A model's weights as constants of a graph, with its sizes. */
export interface DecoderWeights {
  readonly embedding: Value;
  readonly layers: readonly LayerWeights[];
  readonly finalNorm: Value;
  readonly head: Value;
  /** Rotary tables, [positions, head size / 2]. */
  readonly cosine: Value;
  readonly sine: Value;
  readonly width: number;
  readonly heads: number;
  readonly headSize: number;
  readonly vocabSize: number;
  readonly normEps: number;
}

/**
 * Puts a checkpoint's weights into a graph. Constants are packed for the matrix kernels once, when the session is made.
 * @param positions length of the rotary tables.
 */
export function decoderWeights(graph: Graph, checkpoint: Checkpoint, positions: number): DecoderWeights {
  const { architecture, parameters } = checkpoint;
  const { hiddenSize: width, heads, vocabSize, rmsNormEps: normEps, ropeTheta, tiedEmbeddings } = architecture;
  const headSize = width / heads;
  const blocks = new Map(parameterLayout(architecture, "lm").blocks.map((block) => [block.name, block]));
  const numbers = (name: string): Float32Array => {
    const { offset, size } = blocks.get(name)!;
    return parameters.subarray(offset, offset + size);
  };
  const weight = (name: string): Value => graph.constant(numbers(name), blocks.get(name)!.shape);
  /** One product with all three is faster than three. */
  const joined = (prefix: string): Value => {
    const data = new Float32Array(3 * width * width);
    data.set(numbers(`${prefix}.q_proj.weight`).map((value) => value * (1 / Math.sqrt(headSize))));
    data.set(numbers(`${prefix}.k_proj.weight`), width * width);
    data.set(numbers(`${prefix}.v_proj.weight`), 2 * width * width);
    return graph.constant(data, [3 * width, width]);
  };
  const layers = Array.from({ length: architecture.layers }, (_, index): LayerWeights => {
    const prefix = `model.layers.${index}`;
    return {
      inputNorm: weight(`${prefix}.input_layernorm.weight`),
      attention: joined(`${prefix}.self_attn`),
      output: weight(`${prefix}.self_attn.o_proj.weight`),
      mlpNorm: weight(`${prefix}.post_attention_layernorm.weight`),
      gate: weight(`${prefix}.mlp.gate_proj.weight`),
      up: weight(`${prefix}.mlp.up_proj.weight`),
      down: weight(`${prefix}.mlp.down_proj.weight`),
    };
  });
  const embedding = weight("model.embed_tokens.weight");
  const angles = Float64Array.from({ length: positions * (headSize / 2) }, (_, i) => {
    const position = Math.floor(i / (headSize / 2));
    return position * ropeTheta ** ((-2 * (i % (headSize / 2))) / headSize);
  });
  return {
    embedding,
    layers,
    finalNorm: weight("model.norm.weight"),
    head: tiedEmbeddings ? embedding : weight("lm_head.weight"),
    cosine: graph.constant(Float32Array.from(angles, Math.cos), [positions, headSize / 2]),
    sine: graph.constant(Float32Array.from(angles, Math.sin), [positions, headSize / 2]),
    width,
    heads,
    headSize,
    vocabSize,
    normEps,
  };
}

/** x [rows, in] times a matrix [out, in], plus `residual` [rows, out] where given. */
export function linear(graph: Graph, x: Value, matrix: Value, residual?: Value): Value {
  const inputs = residual === undefined ? [x, matrix] : [x, matrix, residual];
  const shape = [x.shape[0]!, matrix.shape[0]!];
  return graph.node("Gemm", inputs, { type: "float32", shape }, { attributes: { transB: 1 } });
}

/** RMSNorm over the last axis. */
export function rmsNorm(graph: Graph, x: Value, gain: Value, eps: number): Value {
  const attributes = { axis: -1, epsilon: { float: eps }, stash_type: 1 };
  return graph.node("SimplifiedLayerNormalization", [x, gain], { type: "float32", shape: x.shape }, { attributes });
}

/** Rotates queries or keys, [batch, tokens, width] or [batch, heads, tokens, headSize], to their positions, int64 [batch, tokens]. */
export function rotate(graph: Graph, x: Value, positions: Value, weights: DecoderWeights): Value {
  const inputs = [x, positions, weights.cosine, weights.sine];
  return graph.node("RotaryEmbedding", inputs, { type: "float32", shape: x.shape }, MICROSOFT);
}

/** The SwiGLU block with its norm and residual: x [rows, width] to the same. */
export function feedForward(graph: Graph, x: Value, layer: LayerWeights, eps: number): Value {
  const normed = rmsNorm(graph, x, layer.mlpNorm, eps);
  const gate = linear(graph, normed, layer.gate);
  // QuickGelu is x * sigmoid(alpha x): SiLU at alpha 1, in one pass.
  const silu = graph.node(
    "QuickGelu",
    [gate],
    { type: "float32", shape: gate.shape },
    { ...MICROSOFT, attributes: { alpha: { float: 1 } } },
  );
  const gated = graph.node("Mul", [silu, linear(graph, normed, layer.up)], { type: "float32", shape: gate.shape });
  return linear(graph, gated, layer.down, x);
}

/** Reshape to a shape where 0 keeps the axis and -1 is worked out. */
export function reshape(graph: Graph, x: Value, target: readonly number[], shape: Value["shape"]): Value {
  return graph.node("Reshape", [x, graph.ints(...target)], { type: x.type, shape });
}

/** Query, key and value out of a tensor that has them side by side along an axis of 3 * `length`. */
export function thirds(graph: Graph, x: Value, axis: number, length: number): readonly [Value, Value, Value] {
  const shape = x.shape.map((size, index) => (index === axis ? length : size));
  const sizes = graph.ints(length, length, length);
  const parts = Array.from({ length: 3 }, () => ({ type: x.type, shape }));
  const [query, key, value] = graph.nodes("Split", [x, sizes], parts, { attributes: { axis } });
  return [query!, key!, value!];
}

/** The whole decoder as one ONNX graph of standard operators, for other programs to run. */
import type { Checkpoint } from "../checkpoint.js";
import { parameterLayout } from "../layout.js";
import { Graph, type Value } from "../onnx/graph.js";
import { attend, type CausalMask, causalMask } from "./attention.js";

/** What the layers of one graph share. */
interface Context {
  readonly graph: Graph;
  /** A weight by its Hugging Face name. */
  readonly weight: (name: string) => Value;
  readonly sizes: Checkpoint["architecture"];
}

/** Names of a layer's cache, as Optimum gives them. */
export function cacheNames(layer: number): readonly [input: string, output: string][] {
  return (["key", "value"] as const).map((part) => [`past_key_values.${layer}.${part}`, `present.${layer}.${part}`]);
}

/**
 * A language model with its key-value cache, with the inputs and outputs that Optimum's `text-generation-with-past` has and
 * Transformers.js expects. Every dimension but those of the model is dynamic; `past` may be 0.
 *
 * Inputs: `input_ids`, `position_ids` int64 [batch, sequence]; `attention_mask` int64 [batch, past + sequence], 0 where a token is
 * padding; `past_key_values.N.key` and `.value` float32 [batch, heads, past, head size]. Outputs: `logits` float32 [batch, sequence,
 * vocabulary]; `present.N.key` and `.value` float32 [batch, heads, past + sequence, head size].
 * Operators of opset 17 only, none of onnxruntime's own: slower than the sampler's graphs, and readable by every ONNX runtime.
 */
export function decoderGraph(checkpoint: Checkpoint): Uint8Array {
  const { architecture: sizes, parameters } = checkpoint;
  const graph = new Graph("decoder_with_past");
  const blocks = new Map(parameterLayout(sizes, "lm").blocks.map((block) => [block.name, block]));
  const made = new Map<string, Value>();
  const weight = (name: string): Value => {
    const { offset, size, shape } = blocks.get(name)!;
    const value = made.get(name) ?? graph.constant(parameters.subarray(offset, offset + size), shape, "float32", name);
    made.set(name, value);
    return value;
  };
  const context: Context = { graph, weight, sizes };
  const { hiddenSize: width, heads, layers, vocabSize } = sizes;
  const tokens = ["batch_size", "sequence_length"];
  const total = ["batch_size", "past_sequence_length + sequence_length"];
  const ids = graph.input("input_ids", "int64", tokens);
  const attending = graph.input("attention_mask", "int64", total);
  const positions = graph.input("position_ids", "int64", tokens);
  const past = ["batch_size", heads, "past_sequence_length", width / heads];
  const caches = Array.from({ length: layers }, (_, layer) =>
    cacheNames(layer).map(([name]) => graph.input(name, "float32", past)),
  );
  const mask = causalMask(graph, ids, attending, caches[0]![0]!);
  const angles = rotaryAngles(context, positions);
  let x = graph.node("Gather", [weight("model.embed_tokens.weight"), ids], {
    type: "float32",
    shape: [...tokens, width],
  });
  const presents = caches.map((cache, layer) => {
    const { output, present } = decoderLayer(context, layer, { x, cache, mask, angles });
    x = output;
    return present;
  });
  const head = weight(sizes.tiedEmbeddings ? "model.embed_tokens.weight" : "lm_head.weight");
  const logits = linear(graph, rmsNorm(graph, x, weight("model.norm.weight"), sizes.rmsNormEps), head);
  graph.output({ ...logits, shape: [...tokens, vocabSize] }, "logits");
  presents.forEach((present, layer) => {
    present.forEach((value, part) => void graph.output(value, cacheNames(layer)[part]![1]));
  });
  return graph.toModel();
}

interface LayerInputs {
  readonly x: Value;
  readonly cache: readonly Value[];
  readonly mask: CausalMask;
  readonly angles: readonly [cosine: Value, sine: Value];
}

function decoderLayer(
  { graph, weight, sizes }: Context,
  layer: number,
  { x, cache, mask, angles }: LayerInputs,
): { readonly output: Value; readonly present: readonly Value[] } {
  const name = (part: string): Value => weight(`model.layers.${layer}.${part}.weight`);
  const { heads, hiddenSize, rmsNormEps } = sizes;
  const normed = rmsNorm(graph, x, name("input_layernorm"), rmsNormEps);
  const split = (part: string): Value =>
    byHead(graph, linear(graph, normed, name(`self_attn.${part}`)), heads, hiddenSize);
  const [query, fresh] = [rotate(graph, split("q_proj"), angles), rotate(graph, split("k_proj"), angles)];
  const present = [fresh, split("v_proj")].map((value, part) =>
    graph.node(
      "Concat",
      [cache[part], value],
      { type: "float32", shape: ["batch_size", heads, "past_sequence_length + sequence_length", hiddenSize / heads] },
      { attributes: { axis: 2 } },
    ),
  );
  const mixed = attend(graph, { query, key: present[0]!, value: present[1]! }, mask, hiddenSize);
  const attended = add(graph, x, linear(graph, mixed, name("self_attn.o_proj")));
  const inner = rmsNorm(graph, attended, name("post_attention_layernorm"), rmsNormEps);
  const gate = linear(graph, inner, name("mlp.gate_proj"));
  const opened = multiply(graph, gate, graph.node("Sigmoid", [gate], { type: gate.type, shape: gate.shape }));
  const gated = multiply(graph, opened, linear(graph, inner, name("mlp.up_proj")));
  return { output: add(graph, attended, linear(graph, gated, name("mlp.down_proj"))), present };
}

/** Cosines and sines of the positions, [batch, 1, sequence, head size / 2], computed in the graph: no table, no longest position. */
function rotaryAngles({ graph, sizes }: Context, positions: Value): readonly [Value, Value] {
  const half = sizes.hiddenSize / sizes.heads / 2;
  const frequencies = Float32Array.from({ length: half }, (_, i) => sizes.ropeTheta ** (-i / half));
  const column = ["batch_size", 1, "sequence_length", 1];
  const floats = graph.node(
    "Cast",
    [positions],
    { type: "float32", shape: positions.shape },
    { attributes: { to: 1 } },
  );
  const rows = graph.node("Unsqueeze", [floats, graph.ints(1, 3)], { type: "float32", shape: column });
  const shape = ["batch_size", 1, "sequence_length", half];
  const angle = graph.node("Mul", [rows, graph.constant(frequencies, [half], "float32", "rotary.frequencies")], {
    type: "float32",
    shape,
  });
  const of = (operator: "Cos" | "Sin"): Value => graph.node(operator, [angle], { type: "float32", shape });
  return [of("Cos"), of("Sin")];
}

/** Rotates [batch, heads, sequence, head size]: its first half against its second, as Llama in transformers does. */
function rotate(graph: Graph, x: Value, [cosine, sine]: readonly [Value, Value]): Value {
  const size = x.shape[3] as number;
  const shape = [...x.shape.slice(0, 3), size / 2];
  const halves = [
    { type: "float32", shape },
    { type: "float32", shape },
  ] as const;
  const [first, second] = graph.nodes("Split", [x, graph.ints(size / 2, size / 2)], halves, {
    attributes: { axis: 3 },
  });
  const times = (half: Value, factor: Value): Value => multiply(graph, half, factor);
  const left = graph.node("Sub", [times(first!, cosine), times(second!, sine)], halves[0]);
  const right = add(graph, times(second!, cosine), times(first!, sine));
  return graph.node("Concat", [left, right], { type: "float32", shape: x.shape }, { attributes: { axis: 3 } });
}

/** [batch, sequence, width] to [batch, heads, sequence, width / heads]. */
function byHead(graph: Graph, x: Value, heads: number, width: number): Value {
  const split = graph.node("Reshape", [x, graph.ints(0, 0, heads, width / heads)], {
    type: "float32",
    shape: ["batch_size", "sequence_length", heads, width / heads],
  });
  const shape = ["batch_size", heads, "sequence_length", width / heads];
  return graph.node("Transpose", [split], { type: "float32", shape }, { attributes: { perm: [0, 2, 1, 3] } });
}

/** x [batch, sequence, in] times a matrix [out, in], which stays as checkpoints have it. */
function linear(graph: Graph, x: Value, matrix: Value): Value {
  const [out, width] = matrix.shape as readonly number[];
  const rows = graph.node("Reshape", [x, graph.ints(-1, width!)], { type: "float32", shape: ["rows", width!] });
  const product = graph.node(
    "Gemm",
    [rows, matrix],
    { type: "float32", shape: ["rows", out!] },
    { attributes: { transB: 1 } },
  );
  // Reshape's 0 would keep an axis of the rows; the sizes are those of x.
  const leading = graph.node("Shape", [x], { type: "int64", shape: [2] }, { attributes: { start: 0, end: 2 } });
  const shape = graph.node(
    "Concat",
    [leading, graph.ints(out!)],
    { type: "int64", shape: [3] },
    { attributes: { axis: 0 } },
  );
  return graph.node("Reshape", [product, shape], { type: "float32", shape: [...x.shape.slice(0, 2), out!] });
}

/** RMSNorm over the last axis. */
function rmsNorm(graph: Graph, x: Value, gain: Value, eps: number): Value {
  const column = { type: "float32", shape: [...x.shape.slice(0, 2), 1] } as const;
  const mean = graph.node("ReduceMean", [multiply(graph, x, x)], column, { attributes: { axes: [-1], keepdims: 1 } });
  const root = graph.node("Sqrt", [add(graph, mean, graph.scalar(eps))], column);
  return multiply(graph, graph.node("Div", [x, root], { type: "float32", shape: x.shape }), gain);
}

function add(graph: Graph, x: Value, y: Value): Value {
  return graph.node("Add", [x, y], { type: x.type, shape: x.shape });
}

function multiply(graph: Graph, x: Value, y: Value): Value {
  return graph.node("Mul", [x, y], { type: x.type, shape: x.shape });
}

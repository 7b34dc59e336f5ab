import type { Checkpoint } from "../checkpoint.js";
import { Graph, type Value } from "../onnx/graph.js";
import { decoderWeights, feedForward, linear, reshape, rmsNorm, rotate, thirds } from "./decoder.js";

/**
 * The model that reads prompts: keys and values of every layer at once.
 *
 * Input `tokens`: int32 [groups, length], padded on the right. Causal attention never looks right, so padding needs no mask:
 * it changes nothing to its left and nobody reads its own keys. Outputs `key_0`, `value_0`, ...: float32 [groups, heads, length,
 * headSize], keys rotated to their positions. The last layer's attention and feed-forward are left out, because the last prompt
 * token, the only one whose prediction matters, is read again as the first token of the continuation.
 */
export function prefillModel(checkpoint: Checkpoint, positions: number): Uint8Array {
  const graph = new Graph("prefill");
  const weights = decoderWeights(graph, checkpoint, positions);
  const { width, heads, headSize, normEps } = weights;
  const tokens = graph.input("tokens", "int32", ["groups", "length"]);
  const size = graph.node("Shape", [tokens], { type: "int64", shape: [2] });
  const length = graph.node("Gather", [size, graph.constant([1], [], "int64")], { type: "int64", shape: [] });
  const zero = graph.constant([0], [], "int64");
  const one = graph.constant([1], [], "int64");
  const range = graph.node("Range", [zero, length, one], { type: "int64", shape: ["length"] });
  const at = graph.node("Expand", [range, size], { type: "int64", shape: ["groups", "length"] });
  const wide = graph.node(
    "Concat",
    [size, graph.ints(3 * width)],
    { type: "int64", shape: [3] },
    { attributes: { axis: 0 } },
  );
  const sequences = (x: Value): Value =>
    graph.node("Reshape", [x, wide], { type: "float32", shape: ["groups", "length", 3 * width] });
  const rows = (x: Value): Value => reshape(graph, x, [-1, width], ["rows", width]);

  let x = rows(
    graph.node("Gather", [weights.embedding, tokens], { type: "float32", shape: ["groups", "length", width] }),
  );
  weights.layers.forEach((layer, index) => {
    const normed = rmsNorm(graph, x, layer.inputNorm, normEps);
    const [plainQuery, plainKey, value] = thirds(graph, sequences(linear(graph, normed, layer.attention)), 2, width);
    const key = rotate(graph, plainKey, at, weights);
    for (const [name, tensor] of [
      ["key", key],
      ["value", value],
    ] as const) {
      const split = reshape(graph, tensor, [0, 0, heads, headSize], ["groups", "length", heads, headSize]);
      const shape = ["groups", heads, "length", headSize];
      const byHead = graph.node(
        "Transpose",
        [split],
        { type: "float32", shape },
        { attributes: { perm: [0, 2, 1, 3] } },
      );
      graph.output(byHead, `${name}_${index}`);
    }
    if (index === weights.layers.length - 1) return;
    const query = rotate(graph, plainQuery, at, weights);
    const mixed = graph.node(
      "MultiHeadAttention",
      [query, key, value],
      { type: "float32", shape: ["groups", "length", width] },
      // The factor is already in the query weights.
      { domain: "com.microsoft", attributes: { num_heads: heads, unidirectional: 1, scale: { float: 1 } } },
    );
    x = feedForward(graph, linear(graph, rows(mixed), layer.output, x), layer, normEps);
  });
  return graph.toModel();
}

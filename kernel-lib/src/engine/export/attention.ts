import type { Graph, Value } from "../onnx/graph.js";

/** Bool [batch, 1, sequence, past + sequence]: whom each token may look at. */
export type CausalMask = Value;

/** Far below every score, and finite: a row that may look at nobody (padding on the left) stays a number. */
const HIDDEN = -1e30;

/**
 * Who sees whom: nobody what comes later, and nobody padding.
 * @param ids int64 [batch, sequence]. @param attending int64 [batch, past + sequence]. @param past a layer's cache, for its length.
 */
export function causalMask(graph: Graph, ids: Value, attending: Value, past: Value): CausalMask {
  const lengthOf = (x: Value, axis: number): Value => {
    const size = graph.node(
      "Shape",
      [x],
      { type: "int64", shape: [1] },
      { attributes: { start: axis, end: axis + 1 } },
    );
    return graph.node("Squeeze", [size], { type: "int64", shape: [] });
  };
  const before = lengthOf(past, 2);
  const total = graph.node("Add", [before, lengthOf(ids, 1)], { type: "int64", shape: [] });
  const one = graph.constant([1], [], "int64");
  const range = (from: Value, length: string): Value =>
    graph.node("Range", [from, total, one], { type: "int64", shape: [length] });
  const keys = range(graph.constant([0], [], "int64"), "total");
  const queries = graph.node("Unsqueeze", [range(before, "sequence_length"), graph.ints(1)], {
    type: "int64",
    shape: ["sequence_length", 1],
  });
  const earlier = graph.node("LessOrEqual", [keys, queries], { type: "bool", shape: ["sequence_length", "total"] });
  const present = graph.node("Cast", [attending], { type: "bool", shape: attending.shape }, { attributes: { to: 9 } });
  const shown = graph.node("Unsqueeze", [present, graph.ints(1, 2)], {
    type: "bool",
    shape: ["batch_size", 1, 1, "total"],
  });
  return graph.node("And", [shown, earlier], { type: "bool", shape: ["batch_size", 1, "sequence_length", "total"] });
}

/** Softmax attention of [batch, heads, tokens, head size], to [batch, sequence, width]. */
export function attend(
  graph: Graph,
  { query, key, value }: { readonly query: Value; readonly key: Value; readonly value: Value },
  mask: CausalMask,
  width: number,
): Value {
  const [batch, heads, sequence, size] = query.shape;
  const shape = [batch!, heads!, sequence!, "total"];
  const float = "float32" as const;
  const scaled = graph.node("Mul", [query, graph.scalar(1 / Math.sqrt(size as number))], {
    type: float,
    shape: query.shape,
  });
  const turned = graph.node(
    "Transpose",
    [key],
    { type: float, shape: [batch!, heads!, size!, "total"] },
    { attributes: { perm: [0, 1, 3, 2] } },
  );
  const scores = graph.node("MatMul", [scaled, turned], { type: float, shape });
  const hidden = graph.node("Where", [mask, scores, graph.scalar(HIDDEN)], { type: float, shape });
  const shares = graph.node("Softmax", [hidden], { type: float, shape }, { attributes: { axis: -1 } });
  const mixed = graph.node("MatMul", [shares, value], { type: float, shape: query.shape });
  const together = graph.node(
    "Transpose",
    [mixed],
    { type: float, shape: [batch!, sequence!, heads!, size!] },
    { attributes: { perm: [0, 2, 1, 3] } },
  );
  return graph.node("Reshape", [together, graph.ints(0, 0, width)], { type: float, shape: [batch!, sequence!, width] });
}

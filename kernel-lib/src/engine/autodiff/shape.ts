import type { Dimension, Graph, Shape, Value } from "../onnx/graph.js";
import type { Tape } from "./tape.js";

/** Reshape to fixed lengths, one of which may be -1 (worked out at run time; `known` names it). No copy is made at run time. */
export function reshape(graph: Graph, x: Value, lengths: readonly number[], known: Dimension = "n"): Value {
  const shape: Shape = lengths.map((length) => (length === -1 ? known : length));
  return graph.node("Reshape", [x, graph.ints(...lengths)], { type: x.type, shape });
}

/** A differentiable reshape; where `lengths` has -1, and where `x` has a named length, they are the first axis. */
export function view(tape: Tape, x: Value, lengths: readonly number[], first: Dimension = x.shape[0]!): Value {
  const { graph } = tape;
  const y = reshape(graph, x, lengths, first);
  const back = x.shape.map((length) => (typeof length === "number" ? length : -1));
  tape.record([x], [y], ([dy]) => tape.add(x, () => reshape(graph, dy!, back, x.shape[0])));
  return y;
}

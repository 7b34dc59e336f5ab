import type { Shape, Value } from "../onnx/graph.js";
import { reshape } from "./shape.js";
import type { Tape } from "./tape.js";

/** A gather and its opposite, each a tensor of row numbers (int32). */
export interface RowExchange {
  /** For each output, which rows of the source it takes; any shape. */
  readonly forward: readonly Value[];
  /** For each row of the source, which row of the outputs (one after the other) took it. */
  readonly inverse: Value;
}

/**
 * Rows of `rowSize` floats taken from `source`, to outputs of shape [...forward.shape, rowSize]. This is how packed tokens get into
 * the padded layout of attention and back. Every source row must be taken exactly once, save by padding, whose gradient is dropped:
 * so the backward pass is a gather as well.
 */
export function exchangeRows(tape: Tape, source: Value, rowSize: number, exchange: RowExchange): readonly Value[] {
  const { graph } = tape;
  const rows = reshape(graph, source, [-1, rowSize]);
  const outputs = exchange.forward.map((index) =>
    graph.node("Gather", [rows, index], { type: "float32", shape: [...index.shape, rowSize] }),
  );
  tape.record([source], outputs, (gradients) => {
    tape.add(source, () => {
      // Outputs of one source have one shape but for the first axis.
      const all = gradients.map((gradient) => gradient!);
      const joined = all.length === 1 ? all[0]! : graph.node("Concat", all, all[0]!, { attributes: { axis: 0 } });
      const flat = reshape(graph, joined, [-1, rowSize]);
      const back = graph.node("Gather", [flat, exchange.inverse], {
        type: "float32",
        shape: [...exchange.inverse.shape, rowSize],
      });
      const alike =
        back.shape.length === source.shape.length && back.shape.every((length, k) => length === source.shape[k]);
      return alike ? back : reshape(graph, back, trailing(source.shape), source.shape[0]);
    });
  });
  return outputs;
}

/**
 * Some rows of [n, width]: `kept` (int32 [m]) without repetition. `inverse` (int32 [n]) says for each source row where it went, or m
 * if nowhere: those gradients are zero.
 */
export function selectRows(tape: Tape, source: Value, kept: Value, inverse: Value): Value {
  const { graph } = tape;
  const width = source.shape[1]!;
  const y = graph.node("Gather", [source, kept], { type: "float32", shape: [kept.shape[0]!, width] });
  tape.record([source], [y], ([dy]) => {
    tape.add(source, () => {
      const zero = graph.constant(new Float32Array(width as number), [1, width]);
      const extended = graph.node("Concat", [dy!, zero], y, { attributes: { axis: 0 } });
      return graph.node("Gather", [extended, inverse], source);
    });
  });
  return y;
}

/** -1 for the first length and the known others. */
function trailing(shape: Shape): readonly number[] {
  return shape.map((length, axis) => (axis === 0 ? -1 : (length as number)));
}

import type { Value } from "../onnx/graph.js";
import type { Tape } from "./tape.js";

const ROWS_BY_COLUMNS = { domain: "com.microsoft" } as const;
const TRANSPOSED_RIGHT = { domain: "com.microsoft", attributes: { transB: 1 } } as const;
const TRANSPOSED_LEFT = { domain: "com.microsoft", attributes: { transA: 1 } } as const;

/**
 * `softmax(query @ key^T + mask) @ value`. Query is [batch, heads, queries, headSize], key and value [batch, heads, keys, headSize],
 * already scaled; mask is additive, [batch or 1, 1, queries, keys]. No row of the mask may forbid every key.
 */
export function attention(tape: Tape, query: Value, key: Value, value: Value, mask: Value): Value {
  const { graph } = tape;
  const square = {
    type: "float32",
    shape: [query.shape[0]!, query.shape[1]!, query.shape[2]!, key.shape[2]!],
  } as const;
  const column = { type: "float32", shape: [...query.shape.slice(0, 3), 1] } as const;
  const scores = graph.node("FusedMatMul", [query, key], square, TRANSPOSED_RIGHT);
  const masked = graph.node("Add", [scores, mask], square);
  const weights = graph.node("Softmax", [masked], square, { attributes: { axis: -1 } });
  const y = graph.node("FusedMatMul", [weights, value], query, ROWS_BY_COLUMNS);
  tape.record([query, key, value], [y], ([dy]) => {
    tape.add(value, () => graph.node("FusedMatMul", [weights, dy!], value, TRANSPOSED_LEFT));
    // rowsum(dWeights * weights) equals rowsum(dy * y), which is headSize wide instead of keys wide.
    const product = graph.node("Mul", [dy!, y], query);
    const delta = graph.node("ReduceSum", [product, graph.ints(-1)], column, { attributes: { keepdims: 1 } });
    const dWeights = graph.node("FusedMatMul", [dy!, value], square, TRANSPOSED_RIGHT);
    const dScores = graph.node("Mul", [weights, graph.node("Sub", [dWeights, delta], square)], square);
    tape.add(query, () => graph.node("FusedMatMul", [dScores, key], query, ROWS_BY_COLUMNS));
    tape.add(key, () => graph.node("FusedMatMul", [dScores, query], key, TRANSPOSED_LEFT));
  });
  return y;
}

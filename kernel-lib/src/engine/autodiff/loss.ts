import type { Value } from "../onnx/graph.js";
import type { Tape } from "./tape.js";

/** Log-probabilities (nats) of one class per row: logits [m, classes], targets int32 [m, 1], to [m, 1]. */
export function targetLogprobs(tape: Tape, logits: Value, targets: Value): Value {
  const { graph } = tape;
  const logprobs = graph.node("LogSoftmax", [logits], logits, { attributes: { axis: -1 } });
  const column = { type: "float32", shape: [logits.shape[0]!, 1] } as const;
  const y = graph.node("GatherElements", [logprobs, targets], column, { attributes: { axis: 1 } });
  tape.record([logits], [y], ([dy]) => {
    tape.add(logits, () => {
      const probabilities = graph.node("Exp", [logprobs], logits);
      const spread = graph.node("Mul", [probabilities, graph.node("Neg", [dy!], column)], logits);
      return graph.node("ScatterElements", [spread, targets, dy!], logits, {
        attributes: { axis: 1, reduction: "add" },
      });
    });
  });
  return y;
}

/** Sum of `values * weights`, both [m, 1], as a scalar; the weights are data, not differentiated. */
export function weightedSum(tape: Tape, values: Value, weights: Value): Value {
  const { graph } = tape;
  const product = graph.node("Mul", [values, weights], values);
  const y = graph.node("ReduceSum", [product], { type: "float32", shape: [] }, { attributes: { keepdims: 0 } });
  tape.record([values], [y], ([dy]) => tape.add(values, () => graph.node("Mul", [weights, dy!], values)));
  return y;
}

/** A fixed matrix times a column plus a fixed column: [r, m] @ [m, 1] + [r, 1]. Matrix and offset are data, not differentiated. */
export function combine(tape: Tape, matrix: Value, column: Value, offset: Value): Value {
  const { graph } = tape;
  const y = graph.node("Gemm", [matrix, column, offset], { type: "float32", shape: [matrix.shape[0]!, 1] });
  tape.record([column], [y], ([dy]) => {
    tape.add(column, () => graph.node("Gemm", [matrix, dy!], column, { attributes: { transA: 1 } }));
  });
  return y;
}

/** `log(sigmoid(factor * x))`, elementwise, without overflow. */
export function logSigmoid(tape: Tape, x: Value, factor: number): Value {
  const { graph } = tape;
  const negated = graph.node("Mul", [x, graph.scalar(-factor)], x);
  const y = graph.node("Neg", [graph.node("Softplus", [negated], x)], x);
  tape.record([x], [y], ([dy]) => {
    tape.add(x, () => {
      const slope = graph.node("Mul", [graph.node("Sigmoid", [negated], x), graph.scalar(factor)], x);
      return graph.node("Mul", [dy!, slope], x);
    });
  });
  return y;
}

/** `(x - target)^2`, elementwise. */
export function squaredDistance(tape: Tape, x: Value, target: number): Value {
  const { graph } = tape;
  const difference = graph.node("Sub", [x, graph.scalar(target)], x);
  const y = graph.node("Mul", [difference, difference], x);
  tape.record([x], [y], ([dy]) => {
    tape.add(x, () => graph.node("Mul", [dy!, graph.node("Mul", [difference, graph.scalar(2)], x)], x));
  });
  return y;
}

/** `a * x (+ b * y)`, elementwise, for fixed factors. */
export function blend(tape: Tape, x: Value, a: number, y?: Value, b = 0): Value {
  const scaled = (value: Value, factor: number): Value =>
    tape.graph.node("Mul", [value, tape.graph.scalar(factor)], value);
  const z = y ? tape.graph.node("Add", [scaled(x, a), scaled(y, b)], x) : scaled(x, a);
  tape.record(y ? [x, y] : [x], [z], ([dz]) => {
    tape.add(x, () => scaled(dz!, a));
    if (y) tape.add(y, () => scaled(dz!, b));
  });
  return z;
}

import type { Value } from "../onnx/graph.js";
import type { Tape } from "./tape.js";

/**
 * RMS normalisation without weights: x / sqrt(mean(x^2) + eps) over the last axis of [n, width]. The weights are folded into the
 * next linear layer (`scaleColumns`), which makes both passes cheaper: the output is then the normalised x that backward needs.
 */
export function rmsNorm(tape: Tape, x: Value, eps: number): Value {
  const { graph } = tape;
  const [n, width] = x.shape as readonly [number | string, number];
  const ones = graph.constant(new Float32Array(width).fill(1), [width]);
  const column = { type: "float32", shape: [n, 1] } as const;
  const [y, inverse] = graph.nodes("SimplifiedLayerNormalization", [x, ones], [x, column], {
    attributes: { axis: -1, epsilon: { float: eps }, stash_type: 1 },
  }) as [Value, Value];
  tape.record([x], [y], ([dy]) => {
    // dx = (dy - y * mean(dy * y)) / rms: the Jacobian is a projection, scaled.
    tape.add(x, () => {
      const product = graph.node("Mul", [dy!, y], x);
      const mean = graph.node("ReduceMean", [product], column, { attributes: { axes: [-1], keepdims: 1 } });
      const along = graph.node("Mul", [y, mean], x);
      return graph.node("Mul", [graph.node("Sub", [dy!, along], x), inverse], x);
    });
  });
  return y;
}

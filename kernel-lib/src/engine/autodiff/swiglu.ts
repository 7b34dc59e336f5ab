import type { Value } from "../onnx/graph.js";
import type { Tape } from "./tape.js";

/** `silu(gate) * up`, elementwise. */
export function swiglu(tape: Tape, gate: Value, up: Value): Value {
  const { graph } = tape;
  const silu = graph.node("QuickGelu", [gate], gate, {
    attributes: { alpha: { float: 1 } },
    domain: "com.microsoft",
  });
  const y = graph.node("Mul", [silu, up], gate);
  tape.record([gate, up], [y], ([dy]) => {
    tape.add(up, () => graph.node("Mul", [dy!, silu], up));
    tape.add(gate, () => {
      // With s = sigmoid(gate): d(silu(gate) * up) / d gate = s * up + y * (1 - s) = y + s * (up - y).
      const sigmoid = graph.node("Sigmoid", [gate], gate);
      const rest = graph.node("Mul", [sigmoid, graph.node("Sub", [up, y], gate)], gate);
      return graph.node("Mul", [dy!, graph.node("Add", [y, rest], gate)], gate);
    });
  });
  return y;
}

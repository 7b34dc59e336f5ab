import type { Graph, Value } from "../onnx/graph.js";
import type { Tape } from "./tape.js";

/** Caches of rotary angles, [positions + 1, headSize / 2] each; the last row leaves a vector as it is (for values). */
export interface RotaryCaches {
  readonly cos: Value;
  readonly sin: Value;
  readonly negativeSin: Value;
}

/**
 * Caches for `positions` positions. Cos and sin are multiplied by headSize^(-1/4), so that the product of a rotated query and a
 * rotated key comes out divided by sqrt(headSize) at no cost.
 */
export function rotaryCaches(graph: Graph, positions: number, headSize: number, theta: number): RotaryCaches {
  const half = headSize / 2;
  const scale = headSize ** -0.25;
  const cos = new Float32Array((positions + 1) * half).fill(1);
  const sin = new Float32Array((positions + 1) * half);
  for (let position = 0; position < positions; position++) {
    for (let i = 0; i < half; i++) {
      // In float32 steps, as transformers computes them.
      const frequency = Math.fround(1 / Math.fround(theta ** Math.fround((2 * i) / headSize)));
      const angle = Math.fround(position * frequency);
      cos[position * half + i] = Math.cos(angle) * scale;
      sin[position * half + i] = Math.sin(angle) * scale;
    }
  }
  const shape = [positions + 1, half];
  return {
    cos: graph.constant(cos, shape),
    sin: graph.constant(sin, shape),
    negativeSin: graph.constant(
      sin.map((value) => -value),
      shape,
    ),
  };
}

/**
 * Rotates every head of [n, parts, heads * headSize] (halves rotated against each other, as Hugging Face does) by the angles of
 * `positions` (int64 [n, parts]). The backward pass is the rotation the other way.
 */
export function rotary(tape: Tape, x: Value, positions: Value, heads: number, caches: RotaryCaches): Value {
  const rotate = (value: Value, sin: Value): Value =>
    tape.graph.node("RotaryEmbedding", [value, positions, caches.cos, sin], x, {
      attributes: { interleaved: 0, num_heads: heads },
      domain: "com.microsoft",
    });
  const y = rotate(x, caches.sin);
  tape.record([x], [y], ([dy]) => tape.add(x, () => rotate(dy!, caches.negativeSin)));
  return y;
}

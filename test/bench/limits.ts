/** What this machine's core can do at most, measured in the process that asks. */
import { InferenceSession, Tensor } from "onnxruntime-node";
import { Graph } from "../../kernel-lib/src/engine/onnx/graph.js";
import { SESSION_OPTIONS } from "../../kernel-lib/src/engine/session.js";

/** Best of several runs of one 512^3 product through onnxruntime on one thread, FLOP/s. */
export async function sgemmPeak(): Promise<number> {
  const size = 512;
  const graph = new Graph("peak");
  const [a, b] = ["a", "b"].map((name) => graph.input(name, "float32", [size, size]));
  graph.output(graph.node("MatMul", [a, b], { type: "float32", shape: [size, size] }), "c");
  const session = await InferenceSession.create(graph.toModel(), SESSION_OPTIONS);
  const matrix = new Tensor("float32", new Float32Array(size * size).fill(0.5), [size, size]);
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 60; run++) {
    const start = performance.now();
    await session.run({ a: matrix, b: matrix });
    best = Math.min(best, performance.now() - start);
  }
  await session.release();
  return (2 * size ** 3) / (best / 1000);
}

/** Best of several copies of 128 MB, bytes read and written per second: far more than caches hold. */
export function memoryBandwidth(): number {
  const bytes = 2 ** 27;
  const [from, to] = [new Uint8Array(bytes).fill(1), new Uint8Array(bytes).fill(2)];
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 8; run++) {
    const start = performance.now();
    to.set(from);
    best = Math.min(best, performance.now() - start);
  }
  return (2 * bytes) / (best / 1000);
}

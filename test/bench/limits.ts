/** What this machine's core can do at most, measured in the process that asks. */
import { InferenceSession, Tensor } from "onnxruntime-node";
import { Graph } from "../../kernel-lib/src/engine/onnx/graph.js";
import { SESSION_OPTIONS } from "../../kernel-lib/src/engine/session.js";
import type { Architecture } from "../../kernel-lib/src/steps/index.js";

/** What one core can do: FLOP/s of matrix products, bytes/s read and written. */
export interface Machine {
  readonly flop: number;
  readonly bytes: number;
}

/** Work, counted. */
export type Work = Machine;

/** What it can do now, or could when `before` was measured: a core's clock changes, so benches ask again between rounds. */
export async function measureMachine(before?: Machine): Promise<Machine> {
  const now = { flop: await sgemmPeak(), bytes: memoryBandwidth() };
  return { flop: Math.max(now.flop, before?.flop ?? 0), bytes: Math.max(now.bytes, before?.bytes ?? 0) };
}

/** A line about the limits. */
export function describeMachine(machine: Machine): string {
  const [flop, bytes] = [machine.flop, machine.bytes].map((rate) => (rate / 1e9).toFixed(1));
  return `limits of one thread: ${flop} GFLOP/s (sgemm 512^3 through onnxruntime), ${bytes} GB/s (copying 128 MB)`;
}

/** The least seconds that work takes: computing and moving may overlap, so the longer of both. */
export function limitOf(work: Work, machine: Machine): { readonly name: string; readonly value: number } {
  const [computing, moving] = [work.flop / machine.flop, work.bytes / machine.bytes];
  return computing >= moving ? { name: "sgemm peak", value: computing } : { name: "memory", value: moving };
}

/** Best of several runs of one 512^3 product through onnxruntime on one thread, FLOP/s. */
async function sgemmPeak(): Promise<number> {
  return (2 * 512 ** 3) / (await productSeconds(512, 512, 512, 60));
}

/** Seconds of one product of m x k by k x n matrices through onnxruntime, the best of some runs. */
export async function productSeconds(m: number, k: number, n: number, runs: number): Promise<number> {
  const graph = new Graph("product");
  const a = graph.input("a", "float32", [m, k]);
  const b = graph.input("b", "float32", [k, n]);
  graph.output(graph.node("MatMul", [a, b], { type: "float32", shape: [m, n] }), "c");
  const session = await InferenceSession.create(graph.toModel(), SESSION_OPTIONS);
  const matrix = (...shape: readonly [number, number]): Tensor =>
    new Tensor("float32", new Float32Array(shape[0] * shape[1]).fill(0.5), shape);
  const feeds = { a: matrix(m, k), b: matrix(k, n) };
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    await session.run(feeds);
    best = Math.min(best, performance.now() - start);
  }
  await session.release();
  return best / 1000;
}

/**
 * Seconds of a training step's linear layers, each product measured alone in its shape: what they take of a step when nothing else
 * happens, and their FLOP. Forward, and backward to inputs and weights.
 */
export async function linearLayersAlone(
  { hiddenSize: d, intermediateSize: f, layers, vocabSize }: Architecture,
  tokens: number,
): Promise<{ readonly seconds: number; readonly flop: number }> {
  const shapes = [
    { inputs: d, outputs: d, count: 4 * layers },
    { inputs: d, outputs: f, count: 2 * layers },
    { inputs: f, outputs: d, count: layers },
    { inputs: d, outputs: vocabSize, count: 1 },
  ];
  let [seconds, flop] = [0, 0];
  for (const { inputs, outputs, count } of shapes) {
    const forward = await productSeconds(tokens, inputs, outputs, 5);
    const toInputs = await productSeconds(tokens, outputs, inputs, 5);
    const toWeights = await productSeconds(inputs, tokens, outputs, 5);
    seconds += count * (forward + toInputs + toWeights);
    flop += count * 6 * tokens * inputs * outputs;
  }
  return { seconds, flop };
}

/** Best of several copies of 128 MB, bytes read and written per second: far more than caches hold. */
function memoryBandwidth(): number {
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

/**
 * Training speed of the embedded engine: tokens/s, share of the machine's sgemm peak (measured in this process), and the ratio to
 * PyTorch eager where a Python with torch and transformers exists.
 *
 *     node --import tsx test/bench/training.ts [name of a workload ...]
 *     ILR_BENCH_PYTHON=/path/to/python  (default: python3)
 *
 * FLOP of a step: 6 per token and weight of the linear layers that the token passes (2 forward, 4 backward), plus
 * 12 * length^2 * hidden per sequence and layer for attention's products. Elementwise work, norms and the optimizer count as zero.
 */
import { spawn, spawnSync } from "node:child_process";
import { arch, cpus, platform } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { seededRandom } from "../../kernel-lib/src/core/index.js";
import type { Sequence } from "../../kernel-lib/src/engine/batch.js";
import { likelihoodFeeds, weightedLikelihood } from "../../kernel-lib/src/engine/objective.js";
import { Graph } from "../../kernel-lib/src/engine/onnx/graph.js";
import { packBatch } from "../../kernel-lib/src/engine/packing.js";
import { answered } from "../../kernel-lib/src/engine/sequences.js";
import { SESSION_OPTIONS } from "../../kernel-lib/src/engine/session.js";
import { createTrainer } from "../../kernel-lib/src/engine/trainer.js";
import { freshParameters } from "../../kernel-lib/src/engine/verbs/pretrain.js";
import { tokenWeights } from "../../kernel-lib/src/engine/verbs/sft.js";
import { type Architecture, architectureSchema, optimizerSchema } from "../../kernel-lib/src/steps/index.js";

interface Workload {
  readonly name: string;
  readonly architecture: Architecture;
  readonly kind: "pretrain" | "sft";
  readonly batch: number;
  /** Tokens of a sequence; for `sft` the longest. */
  readonly length: number;
  /** Optimizer steps of one measurement. */
  readonly steps: number;
}

const VOCABULARY = 119;
const ROUNDS = 3;
const optimizer = optimizerSchema.parse({ name: "adamw", lr: 1e-3 });

function llama(hiddenSize: number, layers: number, heads: number, intermediateSize: number): Architecture {
  return architectureSchema.parse({
    vocabSize: VOCABULARY,
    hiddenSize,
    layers,
    heads,
    intermediateSize,
    maxPositions: 256,
  });
}

const small = llama(64, 3, 4, 176);
const medium = llama(96, 3, 4, 256);
const large = llama(256, 6, 8, 688);
const workloads: readonly Workload[] = [
  { name: "pretrain d=64", architecture: small, kind: "pretrain", batch: 32, length: 64, steps: 40 },
  { name: "pretrain d=96", architecture: medium, kind: "pretrain", batch: 32, length: 64, steps: 30 },
  { name: "pretrain d=96 T=128", architecture: medium, kind: "pretrain", batch: 32, length: 128, steps: 15 },
  { name: "pretrain d=256", architecture: large, kind: "pretrain", batch: 32, length: 128, steps: 2 },
  { name: "sft d=64", architecture: small, kind: "sft", batch: 8, length: 64, steps: 100 },
  { name: "sft d=96", architecture: medium, kind: "sft", batch: 8, length: 64, steps: 80 },
];

/** Batches of a workload: for `sft`, rows of 30 tokens to the longest, of which 55 % are the answer. */
function makeBatches({ kind, batch, length }: Workload): readonly (readonly Sequence[])[] {
  const random = seededRandom("bench", kind, length);
  return Array.from({ length: 10 }, () =>
    Array.from({ length: batch }, () => {
      const size = kind === "pretrain" ? length + 1 : 31 + random.below(length - 30);
      const ids = Array.from({ length: size }, () => random.below(VOCABULARY));
      const prompt = kind === "pretrain" ? 1 : Math.floor(0.45 * size);
      return answered(ids.slice(0, prompt), ids.slice(prompt));
    }),
  );
}

function flopOf({ architecture, kind }: Workload, batch: readonly Sequence[]): number {
  const { hiddenSize: d, intermediateSize: f, layers, vocabSize } = architecture;
  let flop = 0;
  for (const { ids, at } of batch) {
    const kept = kind === "pretrain" ? ids.length : at.length;
    const full = (layers - 1) * (6 * ids.length * (4 * d * d + 3 * d * f) + 12 * ids.length ** 2 * d);
    const last = 6 * (ids.length * 2 * d * d + kept * (2 * d * d + 3 * d * f)) + 12 * ids.length * kept * d;
    flop += full + last + 6 * kept * d * vocabSize;
  }
  return flop;
}

/** Best of several runs of one 512^3 product through the same runtime, FLOP/s. */
async function sgemmPeak(): Promise<number> {
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

/** Seconds for a workload's steps, several times over. */
interface Contestant {
  run(): Promise<number>;
  close(): Promise<void>;
}

async function engine(workload: Workload, batches: readonly (readonly Sequence[])[]): Promise<Contestant> {
  const { architecture, kind, steps } = workload;
  const rows = kind === "pretrain" ? "every" : "selected";
  const parameters = freshParameters(architecture, seededRandom("bench"));
  const trainer = await createTrainer({
    architecture,
    head: "lm",
    parameters,
    optimizer,
    objective: weightedLikelihood,
    rows,
  });
  const step = async (k: number): Promise<void> => {
    const batch = batches[k % batches.length]!;
    const { feeds } = packBatch(batch, architecture.heads, architecture.maxPositions, rows);
    await trainer.step({ ...feeds, ...likelihoodFeeds(tokenWeights(batch, "per-token")) }, optimizer.lr);
  };
  await step(0);
  await step(1);
  return {
    async run() {
      const start = performance.now();
      for (let k = 0; k < steps; k++) await step(k);
      return (performance.now() - start) / 1000;
    },
    close: () => trainer.dispose(),
  };
}

const python = process.env.ILR_BENCH_PYTHON ?? "python3";
const script = fileURLToPath(new URL("./training_torch.py", import.meta.url));

async function torch(workload: Workload, batches: readonly (readonly Sequence[])[]): Promise<Contestant> {
  const child = spawn(python, [script], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (message: object): Promise<number> => {
    child.stdin.write(`${JSON.stringify(message)}\n`);
    return Number((await lines.next()).value);
  };
  const rows = batches.map((batch) =>
    batch.map(({ ids, at, targets }) => ({ ids, from: at[0], last: targets.at(-1) })),
  );
  await ask({ ...workload.architecture, batches: rows });
  return {
    run: () => ask({ steps: workload.steps }),
    async close() {
      child.stdin.end();
    },
  };
}

function torchVersion(): string | undefined {
  const { status, stdout } = spawnSync(python, [script, "--version"], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

async function measure(workload: Workload, peak: number, withTorch: boolean): Promise<void> {
  const batches = makeBatches(workload);
  const ours = await engine(workload, batches);
  const theirs = withTorch ? await torch(workload, batches) : undefined;
  const seconds = { ours: [] as number[], theirs: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    seconds.ours.push(await ours.run());
    if (theirs) seconds.theirs.push(await theirs.run());
  }
  await ours.close();
  await theirs?.close();
  const used = Array.from({ length: workload.steps }, (_, k) => batches[k % batches.length]!);
  const tokens = used.flat().reduce((sum, { ids }) => sum + ids.length, 0);
  const flop = used.reduce((sum, batch) => sum + flopOf(workload, batch), 0);
  const best = Math.min(...seconds.ours);
  const line = [
    workload.name.padEnd(20),
    `${(tokens / best).toFixed(0).padStart(7)} tokens/s`,
    `${((1000 * best) / workload.steps).toFixed(2).padStart(8)} ms/step`,
    `${(flop / best / 1e9).toFixed(1).padStart(6)} GFLOP/s`,
    `${((100 * flop) / best / peak).toFixed(0).padStart(3)} % of peak`,
  ];
  if (theirs) {
    const torchBest = Math.min(...seconds.theirs);
    line.push(`PyTorch ${(tokens / torchBest).toFixed(0)} tokens/s`, `ratio ${(torchBest / best).toFixed(2)}`);
  }
  line.push(`${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`);
  console.log(line.join("  "));
}

const version = torchVersion();
const peak = await sgemmPeak();
console.log(`${cpus()[0]?.model ?? "?"}, ${platform()} ${arch()}, node ${process.version}, one thread`);
console.log(version ?? `PyTorch: not found (${python}); set ILR_BENCH_PYTHON`);
console.log(`sgemm 512^3 through onnxruntime: ${(peak / 1e9).toFixed(1)} GFLOP/s`);
const wanted = process.argv.slice(2);
for (const workload of workloads) {
  if (wanted.length === 0 || wanted.includes(workload.name)) await measure(workload, peak, version !== undefined);
}

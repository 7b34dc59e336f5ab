/**
 * Answers per second of processor time of the embedded sampler: greedy, six samples at T = 0.7, beam 4; and of transformers' `generate` on the same
 * folder and prompts, one thread each, where ILR_BENCH_PYTHON (or python3) has torch and transformers.
 *
 * Run: node --import tsx test/bench/sampling.ts [questions]
 */
import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { seededRandom } from "../../kernel-lib/src/core/index.js";
import { type Checkpoint, writeCheckpoint } from "../../kernel-lib/src/engine/checkpoint.js";
import { parameterLayout } from "../../kernel-lib/src/engine/layout.js";
import { sampleAnswers } from "../../kernel-lib/src/engine/sampler/index.js";
import type { Decoding } from "../../kernel-lib/src/steps/index.js";
import { EOS_ID, tinyModel, wordLevelTokenizer } from "../engine/tiny-models.js";
import { compared, writeRows } from "./rows.js";

const VOCABULARY = 119;
const MAX_ANSWER_TOKENS = 40;
const SHORTEST = 12;
const LONGEST = 38;

interface Workload {
  readonly name: string;
  readonly questions: number;
  readonly decoding: Decoding;
}

interface Measurement {
  readonly seconds: number;
  /** Processor time: what a quiet machine's wall clock would show for one thread. */
  readonly cpuSeconds: number;
  readonly answers: number;
  readonly tokens: number;
}

/**
 * The size of the strong micro-math model, with weights that make answers end: each token is mostly followed by the next of a
 * chain that ends with EOS, so that a prompt's last token sets its answer's length.
 */
function chainModel(width: number, layers: number): Checkpoint {
  const model = tinyModel(
    0,
    { vocabSize: VOCABULARY, hiddenSize: width, layers, heads: 4, intermediateSize: 256, maxPositions: 128 },
    0.5,
  );
  const parameters = model.parameters.slice();
  const block = (name: string): Float32Array => {
    const { offset, size } = parameterLayout(model.architecture).blocks.find((one) => one.name === name)!;
    return parameters.subarray(offset, offset + size);
  };
  const random = seededRandom("chain");
  const embedding = block("model.embed_tokens.weight").map(() => random.normal());
  block("model.embed_tokens.weight").set(embedding);
  const head = block("lm_head.weight");
  for (let token = 2; token < VOCABULARY; token++) {
    const next = token + 1 === VOCABULARY ? EOS_ID : token + 1;
    for (let i = 0; i < width; i++) head[next * width + i] = (18 / width) * embedding[token * width + i]!;
  }
  return {
    ...model,
    parameters,
    tokenizer: wordLevelTokenizer(Array.from({ length: VOCABULARY - 13 }, (_, k) => `w${k}`)),
  };
}

function prompts(count: number): { id: string; prompt: number[] }[] {
  const random = seededRandom("bench prompts");
  return Array.from({ length: count }, (_, k) => {
    const body = Array.from({ length: 20 + random.below(20) }, () => 3 + random.below(VOCABULARY - 3));
    const last = VOCABULARY - (SHORTEST + random.below(LONGEST - SHORTEST + 1));
    return { id: `q${k}`, prompt: [...body, last] };
  });
}

async function measure(checkpoint: Checkpoint, workload: Workload): Promise<Measurement> {
  const questions = prompts(workload.questions);
  const options = { decoding: workload.decoding, maxAnswerTokens: MAX_ANSWER_TOKENS, eosId: EOS_ID, seed: 0 };
  await sampleAnswers(checkpoint, questions.slice(0, 8), options);
  const start = performance.now();
  const cpuStart = process.cpuUsage();
  const answers = (await sampleAnswers(checkpoint, questions, options)).flat();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpuStart);
  const tokens = answers.reduce((sum, answer) => sum + answer.tokens.length + (answer.finished ? 1 : 0), 0);
  return { seconds, cpuSeconds: (user + system) / 1e6, answers: answers.length, tokens };
}

interface TorchReport {
  readonly versions: string;
  readonly measurements: readonly Measurement[];
}

/** The same work by transformers; undefined where no Python has it. */
function torchReport(folder: string, workloads: readonly Workload[]): TorchReport | undefined {
  const python = process.env.ILR_BENCH_PYTHON ?? "python3";
  const script = fileURLToPath(new URL("./sampling_torch.py", import.meta.url));
  const run = spawnSync(python, [script, folder], {
    encoding: "utf8",
    input: JSON.stringify({ maxAnswerTokens: MAX_ANSWER_TOKENS, workloads }),
    env: { ...process.env, OMP_NUM_THREADS: "1", MKL_NUM_THREADS: "1" },
  });
  if (run.status !== 0) {
    console.log(`no comparison: ${python} cannot run transformers (${(run.stderr ?? "").trim().split("\n").at(-1)})`);
    return undefined;
  }
  return JSON.parse(run.stdout) as TorchReport;
}

function show(name: string, { seconds, cpuSeconds, answers, tokens }: Measurement, note = ""): void {
  const rate = (count: number): string => String(Math.round(count / cpuSeconds)).padStart(6);
  const times = `${seconds.toFixed(2).padStart(6)} s wall ${cpuSeconds.toFixed(2).padStart(6)} s CPU`;
  console.log(`${name.padEnd(36)} ${times} ${rate(answers)} answers/s ${rate(tokens)} tokens/s ${note}`);
}

async function main(): Promise<void> {
  const count = Number(process.argv[2] ?? 2000);
  const workloads: readonly Workload[] = [
    { name: "greedy", questions: count, decoding: { kind: "greedy" } },
    {
      name: "6 samples at T = 0.7",
      questions: count / 4,
      decoding: { kind: "temperature", temperature: 0.7, samples: 6 },
    },
    { name: "beam 4", questions: count, decoding: { kind: "beam", width: 4 } },
  ];
  const checkpoint = chainModel(96, 3);
  console.log("rates are per second of CPU time, after a warm-up");
  console.log(
    `${cpus()[0]?.model.trim()}, node ${process.version}, ${checkpoint.parameters.length} parameters, one thread`,
  );
  const own: Measurement[] = [];
  for (const workload of workloads) {
    const measurement = await measure(checkpoint, workload);
    own.push(measurement);
    show(`${workload.name}, ${workload.questions} questions`, measurement);
  }
  const folder = await mkdtemp(join(tmpdir(), "ilr-bench-"));
  try {
    await writeCheckpoint(folder, checkpoint, { storage: "float32" });
    await writeFile(join(folder, "prompts.json"), JSON.stringify(prompts(count).map(({ prompt }) => prompt)));
    const torch = torchReport(folder, workloads);
    writeRows(
      "sampling",
      workloads.map(({ name, questions }, index) => {
        const peer = torch && { name: "generate", values: [torch.measurements[index]!.cpuSeconds] };
        const [what, ours] = [`${name}, ${questions} questions, made up`, [own[index]!.cpuSeconds]];
        return compared({ bench: "sampling", what, unit: "s CPU", ours, peer });
      }),
      torch?.versions,
    );
    if (!torch) return;
    console.log(torch.versions);
    torch.measurements.forEach((measurement, index) => {
      const ratio = measurement.cpuSeconds / own[index]!.cpuSeconds;
      show(`${workloads[index]!.name}, generate`, measurement, `${ratio.toFixed(2)} times our CPU time`);
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

await main();

/** The training verbs end to end: files in, files out, the same bytes twice, typed errors. */
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type StepEvent, seededRandom } from "../../kernel-lib/src/core/index.js";
import { type Checkpoint, readCheckpoint, runStep, writeCheckpoint } from "../../kernel-lib/src/engine/index.js";
import { preferenceLoss } from "../../kernel-lib/src/methods/index.js";
import {
  CONTRACT,
  type LogRow,
  type ParamsInput,
  paramsSchemas,
  type Step,
  type Verb,
} from "../../kernel-lib/src/steps/index.js";
import { TINY_WORDS, tinyModel, wordLevelTokenizer } from "./tiny-models.js";

type Input = Checkpoint | readonly object[] | { readonly json: unknown };

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "ilr-verbs-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

interface Run {
  readonly directory: string;
  readonly events: readonly StepEvent[];
  readonly output: (name: string) => string;
}

async function put(path: string, input: Input): Promise<void> {
  if ("parameters" in input) await writeCheckpoint(path, input, { storage: "float32" });
  else if (Array.isArray(input)) await writeFile(path, input.map((row) => `${JSON.stringify(row)}\n`).join(""));
  else await writeFile(path, JSON.stringify((input as { readonly json: unknown }).json));
}

async function run<V extends Verb>(
  verb: V,
  params: ParamsInput<V>,
  inputs: Readonly<Record<string, Input>>,
  options: {
    readonly seed?: number;
    readonly signal?: AbortSignal;
    readonly onEvent?: (event: StepEvent) => void;
  } = {},
): Promise<Run> {
  const directory = await mkdtemp(join(root, `${verb}-`));
  await mkdir(join(directory, "inputs"));
  for (const [name, input] of Object.entries(inputs)) await put(join(directory, "inputs", name), input);
  const step = {
    verb,
    contract: CONTRACT,
    params: paramsSchemas[verb].parse(params),
    inputs: {},
    seed: options.seed ?? 0,
  } as unknown as Step;
  const events: StepEvent[] = [];
  const emit = (event: StepEvent): void => {
    events.push(event);
    options.onEvent?.(event);
  };
  await runStep(step, directory, emit, options.signal ?? new AbortController().signal);
  return { directory, events, output: (name) => join(directory, "outputs", name) };
}

/** sha256 of every file under a step's outputs. */
async function digests({ directory }: Run): Promise<Readonly<Record<string, string>>> {
  const outputs = join(directory, "outputs");
  const files = (await readdir(outputs, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const hashed = files.map(async (file): Promise<[string, string]> => {
    const path = join(file.parentPath, file.name);
    return [
      path.slice(outputs.length),
      createHash("sha256")
        .update(await readFile(path))
        .digest("hex"),
    ];
  });
  return Object.fromEntries((await Promise.all(hashed)).sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function logOf({ output }: Run): Promise<readonly LogRow[]> {
  const text = await readFile(output("log"), "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as LogRow);
}

const random = seededRandom("verbs test");
const sums = Array.from({ length: 24 }, (_, k) => {
  const [a, b] = [random.below(5), random.below(5)];
  return { id: `q${k}`, prompt: `the ${a} + ${b} =`, right: `#### ${a + b}`, wrong: `#### ${a + b + 1} apples` };
});
const corpus = sums.map(({ prompt, right }) => ({ text: `${prompt} ${right}` }));
const demonstrations = sums.map(({ id, prompt, right }) => ({ id, prompt, answer: right }));
const pairs = sums.map(({ id, prompt, right, wrong }) => ({ id, prompt, chosen: right, rejected: wrong }));
const examples = sums.flatMap(({ id, prompt, right, wrong }) => [
  { id: `${id}+`, text: `${prompt} ${right}`, label: 1 },
  { id: `${id}-`, text: `${prompt} ${wrong}`, label: 0 },
]);
const model = tinyModel(3);
const adamw = { name: "adamw", lr: 1e-2 } as const;
const tokenizer = { json: wordLevelTokenizer(TINY_WORDS) };
const { architecture } = model;

const jobs = {
  pretrain: () =>
    run(
      "pretrain",
      { architecture, tokens: 2000, sequenceLength: 16, batchSize: 4, optimizer: adamw },
      { corpus, tokenizer },
    ),
  sft: () => run("sft", { epochs: 6, batchSize: 5, optimizer: adamw, checkpoints: 3 }, { model, demonstrations }),
  dpo: () =>
    run("dpo", { beta: 0.5, epochs: 2, batchSize: 8, optimizer: { name: "rmsprop", lr: 1e-3 } }, { model, pairs }),
  evaluator: () =>
    run(
      "evaluator",
      { epochs: 12, batchSize: 8, patience: 3, optimizer: adamw },
      { model, train: examples.slice(8), validation: examples.slice(0, 8) },
    ),
};

describe("training verbs", () => {
  for (const [verb, job] of Object.entries(jobs)) {
    it(`${verb}: the same step gives the same bytes`, async () => {
      const [first, second] = [await digests(await job()), await digests(await job())];
      expect(Object.keys(first)).toContain("/log");
      expect(Object.keys(first)).toContain("/model/model.safetensors");
      expect(second).toEqual(first);
    });
  }

  it("pretrain starts from weights as far from zero as it is told, 0.02 where it is not", async () => {
    const deviation = async (more: object): Promise<number> => {
      const still = { name: "adamw", lr: 1e-12 } as const;
      const params = { architecture, tokens: 8, sequenceLength: 8, batchSize: 1, optimizer: still, ...more };
      const { output } = await run("pretrain", params, { corpus, tokenizer });
      const { parameters } = await readCheckpoint(output("model"));
      const embeddings = parameters.subarray(0, architecture.vocabSize * architecture.hiddenSize);
      return Math.sqrt(embeddings.reduce((sum, weight) => sum + weight ** 2, 0) / embeddings.length);
    };
    expect((await deviation({})) / 0.02).toBeCloseTo(1, 0.5);
    expect((await deviation({ initializerRange: 0.1 })) / 0.1).toBeCloseTo(1, 0.5);
  });

  it("pretrain learns, counts tokens and reports at most five times a second", async () => {
    const result = await jobs.pretrain();
    const log = await logOf(result);
    expect(log).toHaveLength(Math.ceil(2000 / 64));
    expect(log.at(-1)!.loss).toBeLessThan(0.7 * log[0]!.loss);
    const progress = result.events.filter((event) => event.type === "progress");
    expect(progress.at(-1)).toEqual({ type: "progress", done: 2048, total: 2048, unit: "tokens" });
    expect(progress.length).toBeLessThan(20);
    expect(result.events.some((event) => event.type === "metric" && event.name === "loss")).toBe(true);
  });

  it("sft learns, and its last checkpoint is the model", async () => {
    const result = await jobs.sft();
    const log = await logOf(result);
    expect(log).toHaveLength(5 * 6);
    expect(log.at(-1)!.loss).toBeLessThan(0.6 * log[0]!.loss);
    expect(log.map(({ epoch }) => epoch)).toEqual([...log.map(({ epoch }) => epoch)].sort((a, b) => a - b));
    const read = async (name: string): Promise<Float32Array> => (await readCheckpoint(result.output(name))).parameters;
    expect(await read("checkpoint-03")).toEqual(await read("model"));
    expect(await read("checkpoint-01")).not.toEqual(await read("checkpoint-02"));
  });

  it("dpo prefers the chosen answers more and more", async () => {
    const log = await logOf(await jobs.dpo());
    expect(log[0]!.loss).toBeCloseTo(Math.log(2), 5);
    expect(log[0]!.margin).toBeCloseTo(0, 4);
    expect(log.at(-1)!.margin).toBeGreaterThan(0.2);
    expect(log.at(-1)!.accuracy).toBeGreaterThan(0.8);
  });

  it("dpo with its own loss written out as a formula trains the same model, and with another loss another one", async () => {
    const params = { beta: 0.5, epochs: 2, batchSize: 8, optimizer: { name: "adamw", lr: 1e-3 } } as const;
    const trained = async (loss: ParamsInput<"dpo">["loss"]): Promise<Float32Array> => {
      const { output } = await run("dpo", { ...params, loss }, { model, pairs });
      return (await readCheckpoint(output("model"))).parameters;
    };
    const named = await trained("sigmoid");
    /** Largest distance from the named loss's weights, as a share of how far those went. */
    const distance = async (loss: ParamsInput<"dpo">["loss"]): Promise<number> => {
      const weights = await trained(loss);
      const went = named.reduce((most, value, i) => Math.max(most, Math.abs(value - model.parameters[i]!)), 0);
      return weights.reduce((most, value, i) => Math.max(most, Math.abs(value - named[i]!)), 0) / went;
    };
    expect(await distance({ formula: "-log_sigmoid(beta * margin)" })).toBeLessThan(1e-2);
    expect(
      await distance({ formula: preferenceLoss("logistic", "log(1 + exp(-beta * margin))").formula }),
    ).toBeLessThan(1e-2);
    expect(await distance({ formula: "max(0, 1 - beta * margin)" })).toBeGreaterThan(0.05);
  });

  it("dpo takes another reference when there is one", async () => {
    const params = { beta: 0.5, epochs: 1, batchSize: 8, optimizer: { name: "rmsprop", lr: 1e-3 } } as const;
    const log = await logOf(await run("dpo", params, { model, pairs, reference: tinyModel(4) }));
    expect(Math.abs(log[0]!.loss - Math.log(2))).toBeGreaterThan(0.01);
  });

  it("evaluator keeps the best epoch and stops when patience is out", async () => {
    const log = await logOf(await jobs.evaluator());
    const validation = log.filter(({ split }) => split === "validation");
    expect(validation.at(-1)!.loss).toBeLessThan(3);
    const best = Math.min(...validation.map(({ loss }) => loss));
    const bestEpoch = validation.find(({ loss }) => loss === best)!.epoch;
    expect(validation.at(-1)!.epoch).toBe(Math.min(12, bestEpoch + 3));
    expect(best).toBeLessThan(validation[0]!.loss);
  });

  it("a divided seed gives another model", async () => {
    const other = await run(
      "sft",
      { epochs: 1, batchSize: 5, optimizer: adamw },
      { model, demonstrations },
      { seed: 1 },
    );
    const same = await run("sft", { epochs: 1, batchSize: 5, optimizer: adamw }, { model, demonstrations });
    expect(await digests(other)).not.toEqual(await digests(same));
  });
});

describe("training that cannot go on", () => {
  it("a loss that explodes is a typed error that names the step and keeps nothing", async () => {
    const wild = { name: "adamw", lr: 1e30, warmup: 0, clipNorm: 1e30 } as const;
    const failure = run("sft", { epochs: 9, batchSize: 5, optimizer: wild }, { model, demonstrations });
    await expect(failure).rejects.toMatchObject({
      code: "training-diverged",
      message: expect.stringMatching(/^step \d+/),
    });
  });

  it("weights that are not numbers are found at the first step", async () => {
    const broken = { ...model, parameters: model.parameters.slice().fill(Number.NaN, 0, 4000) };
    const failure = run("sft", { epochs: 1, batchSize: 5, optimizer: adamw }, { model: broken, demonstrations });
    await expect(failure).rejects.toMatchObject({
      code: "training-diverged",
      message: expect.stringContaining("step 1:"),
    });
  });

  it("an aborted signal ends it between steps", async () => {
    const controller = new AbortController();
    const options = { signal: controller.signal, onEvent: () => controller.abort() };
    const failure = run("sft", { epochs: 50, batchSize: 2, optimizer: adamw }, { model, demonstrations }, options);
    await expect(failure).rejects.toMatchObject({ code: "cancelled" });
  });

  it("rows that are too long are refused by name", async () => {
    const long = [{ id: "long", prompt: "the ".repeat(60), answer: "apples ".repeat(9) }];
    const failure = run("sft", { epochs: 1, batchSize: 2, optimizer: adamw }, { model, demonstrations: long });
    await expect(failure).rejects.toMatchObject({ code: "unsupported", message: expect.stringContaining("long") });
  });

  it.each([
    ["low-rank adapters", { lora: { rank: 8, alpha: 16 } }],
    ["arithmetic in bfloat16", { precision: "bfloat16" }],
    ["the optimizer adafactor", { optimizer: { name: "adafactor", lr: 1e-3 } }],
  ] as const)("%s are refused, and the trainer that has them is named", async (what, change) => {
    const params = { epochs: 1, batchSize: 2, optimizer: adamw, ...change };
    await expect(run("sft", params, { model, demonstrations })).rejects.toMatchObject({
      code: "unsupported",
      message: expect.stringContaining(what),
      hint: expect.stringContaining("--backend"),
    });
  });

  it("damaged rows are refused with their line", async () => {
    const bad = [demonstrations[0]!, { id: "x", prompt: "the" }];
    const failure = run("sft", { epochs: 1, batchSize: 2, optimizer: adamw }, { model, demonstrations: bad });
    await expect(failure).rejects.toMatchObject({ code: "input-damaged", message: expect.stringContaining("line 2") });
  });

  it("a corpus shorter than a sequence, and a wrong vocabulary", async () => {
    const params = { architecture, tokens: 100, sequenceLength: 32, batchSize: 2, optimizer: adamw };
    const short = run("pretrain", params, { corpus: corpus.slice(0, 1), tokenizer });
    await expect(short).rejects.toMatchObject({ code: "step-invalid" });
    const wide = { ...params, architecture: { ...architecture, vocabSize: 99 } };
    await expect(run("pretrain", wide, { corpus, tokenizer })).rejects.toMatchObject({ code: "step-invalid" });
  });
});

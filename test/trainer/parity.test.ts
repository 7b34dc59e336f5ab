/**
 * The embedded engine and ilr_trainer agree: equal weights and rows give equal losses, gradients, weights, answers and scores.
 * Both draw the same numbers from a step's seed, so whole trajectories can be compared, not single batches only.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Checkpoint, readCheckpoint, writeCheckpoint } from "../../kernel-lib/src/engine/index.js";
import type { AnswerRow, ClassifierScore, LogprobScore, LogRow, Optimizer } from "../../kernel-lib/src/steps/index.js";
import { logSoftmax, referenceLogits } from "../engine/reference-llama.js";
import { successorModel, TINY_WORDS, tinyModel, wordLevelTokenizer } from "../engine/tiny-models.js";
import { both, difference, measured, PYTHON, type Ran, rowsOf, runBoth, temporaryRoot, WHY_SKIPPED } from "./both.js";

const sums = Array.from({ length: 22 }, (_, k) => {
  const [a, b] = [(k * 7) % 13, k % 5];
  return {
    id: `q${k}`,
    prompt: `the ${a} + ${b} =`,
    right: `#### ${a + b}${" has".repeat(k % 4)}`,
    wrong: `#### ${"1 apples ".repeat(1 + (k % 3))}`,
  };
});
const demonstrations = sums.map(({ id, prompt, right }) => ({ id, prompt, answer: right }));
const pairs = sums.map(({ id, prompt, right, wrong }) => ({ id, prompt, chosen: right, rejected: wrong }));
const prompts = sums.map(({ id, prompt }) => ({ id, prompt }));
const examples = sums.flatMap(({ id, prompt, right, wrong }) => [
  { id: `${id}+`, text: `${prompt} ${right}`, label: 1 },
  { id: `${id}-`, text: `${prompt} ${wrong}`, label: 0 },
]);
/** How the kit's tokenizers put words together; without it, transformers writes spaces between digits. */
const decoder = {
  type: "Sequence",
  decoders: [
    { type: "Replace", pattern: { Regex: "^" }, content: " " },
    { type: "Fuse" },
    { type: "Replace", pattern: { Regex: "(?<=[0-9]) (?=[0-9])" }, content: "" },
    { type: "Strip", content: " ", start: 1, stop: 0 },
  ],
};
const tokenizer = { ...(wordLevelTokenizer(TINY_WORDS) as object), decoder };
const model = { ...tinyModel(3), tokenizer };
const tied = { ...tinyModel(5, { tiedEmbeddings: true }), tokenizer };
const reference = { ...tinyModel(4), tokenizer };
const successor = { ...successorModel(4), tokenizer };
// clipNorm is high: the gradient norm is compared as it comes, and small differences are not hidden by clipping.
const adamw = { name: "adamw", lr: 1e-3, weightDecay: 0.1, warmup: 0.2, clipNorm: 100 } as const;
const rmsprop = { name: "rmsprop", lr: 1e-4, clipNorm: 1 } as const;
const oneStep = { epochs: 1, batchSize: sums.length, optimizer: { ...adamw, lr: 1e-9, warmup: 0 } };
const preferences = { beta: 0.5, epochs: 2, batchSize: 5, optimizer: rmsprop } as const;
const score = { kind: "logprob" } as const;
const classify = { kind: "classifier" } as const;
const texts = examples.map(({ id, text }) => ({ id, text }));
const constant = { name: "adamw", lr: 1e-4, schedule: "constant", warmup: 0.3 } as const;
const beam = { decoding: { kind: "beam", width: 4 }, maxAnswerTokens: 12 } as const;
const draws = { decoding: { kind: "temperature", temperature: 0.7, samples: 6 }, maxAnswerTokens: 12 } as const;
const greedy = { decoding: { kind: "greedy" }, maxAnswerTokens: 12 } as const;
const pretraining = { architecture: tinyModel(1).architecture, tokens: 400, sequenceLength: 8, batchSize: 3 };
const corpus = sums.map(({ prompt, right }) => ({ text: `${prompt} ${right}` }));
const vocabulary = { json: tokenizer };

/** Short and long warm-ups and schedules. */
const rates = Object.fromEntries(
  [{ warmup: 0 }, { warmup: 1, schedule: "constant" }, { warmup: 0.05 }, { warmup: 0.33 }].map((changes, k) => [
    `schedule ${k}`,
    both({
      verb: "sft",
      params: {
        epochs: k + 1,
        batchSize: 4,
        optimizer: { name: "adamw", lr: 3e-4, ...(changes as Partial<Optimizer>) },
      },
      inputs: { model, demonstrations: demonstrations.slice(0, 9) },
    }),
  ]),
);
const sequences = [[3, 9, 14, 2, 1, 18], [7], Array.from({ length: 40 }, (_, k) => (k * 7) % 20)];

const jobs = {
  "score logprob": both({ verb: "score", params: score, inputs: { model, rows: demonstrations } }),
  "score logprob, bfloat16 weights": both({
    verb: "score",
    params: score,
    inputs: { model, rows: demonstrations },
    storage: "bfloat16",
  }),
  "sft per-example, one step": both({
    verb: "sft",
    params: { ...oneStep, lossWeighting: "per-example" },
    inputs: { model, demonstrations },
  }),
  "sft per-token, one step": both({
    verb: "sft",
    params: { ...oneStep, lossWeighting: "per-token" },
    inputs: { model: tied, demonstrations },
  }),
  "sft per-example": both({
    verb: "sft",
    params: { epochs: 3, batchSize: 5, optimizer: adamw, checkpoints: 4 },
    inputs: { model, demonstrations },
    seed: 7,
  }),
  "sft per-token": both({
    verb: "sft",
    params: { epochs: 3, batchSize: 5, optimizer: adamw, lossWeighting: "per-token" },
    inputs: { model: tied, demonstrations },
  }),
  "sft constant rate": both({
    verb: "sft",
    params: { epochs: 2, batchSize: 3, optimizer: constant },
    inputs: { model, demonstrations },
  }),
  "dpo sigmoid": both({ verb: "dpo", params: preferences, inputs: { model, pairs } }),
  "dpo smoothed": both({
    verb: "dpo",
    params: { ...preferences, labelSmoothing: 0.2 },
    inputs: { model, pairs, reference },
  }),
  "dpo ipo": both({ verb: "dpo", params: { ...preferences, loss: "ipo" }, inputs: { model, pairs, reference } }),
  "dpo formula": both({
    verb: "dpo",
    params: {
      ...preferences,
      loss: { formula: "max(0, 1 - beta * margin) + square(margin) / 50" },
      labelSmoothing: 0.1,
    },
    inputs: { model, pairs, reference },
  }),
  evaluator: both({
    verb: "evaluator",
    params: { epochs: 3, batchSize: 7, patience: 3, optimizer: { name: "adamw", lr: 1e-3 } },
    inputs: { model, train: examples, validation: examples.slice(0, 12) },
    seed: 5,
  }),
  pretrain: both({
    verb: "pretrain",
    params: { ...pretraining, optimizer: adamw },
    inputs: { corpus, tokenizer: vocabulary },
  }),
  "pretrain, bfloat16 storage": both({
    verb: "pretrain",
    params: { ...pretraining, optimizer: adamw, initializerRange: 0.1, storage: "bfloat16" },
    inputs: { corpus, tokenizer: vocabulary },
  }),
  "sample greedy": both({ verb: "sample", params: greedy, inputs: { model, prompts } }),
  "sample greedy, structured": both({ verb: "sample", params: greedy, inputs: { model: successor, prompts } }),
  "sample beam": both({ verb: "sample", params: beam, inputs: { model, prompts } }),
  "sample beam, structured": both({ verb: "sample", params: beam, inputs: { model: successor, prompts } }),
  "sample draws": both({ verb: "sample", params: draws, inputs: { model: successor, prompts }, seed: 3 }),
} as const;
type Name = keyof typeof jobs;

const TRAINED: readonly Name[] = [
  "sft per-example, one step",
  "sft per-token, one step",
  "sft per-example",
  "sft per-token",
  "sft constant rate",
  "dpo sigmoid",
  "dpo smoothed",
  "dpo ipo",
  "dpo formula",
  "evaluator",
  "pretrain",
  "pretrain, bfloat16 storage",
];
const SAMPLED = (Object.keys(jobs) as Name[]).filter((name) => name.startsWith("sample"));

describe.skipIf(PYTHON === "")(`the embedded engine and ilr_trainer ${WHY_SKIPPED}`, () => {
  let root: Awaited<ReturnType<typeof temporaryRoot>>;
  let ran: Readonly<Record<Name, Ran>>;
  beforeAll(async () => {
    root = await temporaryRoot();
    const logits = await Promise.all(
      [model, tied, successor].map(async (checkpoint, k) => {
        const folder = join(root.path, `logits-${k}`);
        await writeCheckpoint(join(folder, "model"), checkpoint, { storage: "float32" });
        await writeFile(join(folder, "logits.json"), JSON.stringify({ model: join(folder, "model"), ids: sequences }));
        return folder;
      }),
    );
    ran = await runBoth(root.path, { ...jobs, ...rates }, logits);
  }, 300_000);
  afterAll(async () => {
    console.log(`Largest absolute differences between the trainers:\n${measured()}`);
    await root.remove();
  });

  const weights = (folder: string, name = "model"): Promise<Checkpoint> =>
    readCheckpoint(join(folder, "outputs", name));

  it.each(TRAINED)("take the same steps: %s", async (name) => {
    const expected = await rowsOf<LogRow>(ran[name].embedded, "log");
    const got = await rowsOf<LogRow>(ran[name].trainer, "log");
    expect(got.map(({ step, epoch, split }) => [step, epoch, split])).toEqual(
      expected.map(({ step, epoch, split }) => [step, epoch, split]),
    );
    const numbers = (rows: readonly LogRow[], field: keyof LogRow): number[] =>
      rows.map((row) => Number(row[field] ?? 0));
    const compare = (field: keyof LogRow): number =>
      difference(`${name}: ${field}`, numbers(got, field), numbers(expected, field));
    expect(compare("lr")).toBeLessThan(1e-15);
    expect(compare("loss")).toBeLessThan(2e-5);
    expect(compare("gradNorm") / Math.max(1, ...numbers(expected, "gradNorm"))).toBeLessThan(2e-5);
    expect(compare("margin")).toBeLessThan(2e-5);
    // Until its first real step (the warm-up starts at 0) the policy is the reference: the margins' signs are rounding.
    const settled = name === "dpo sigmoid" ? 2 : 0;
    const accuracies = [got, expected].map((rows) => numbers(rows.slice(settled), "accuracy"));
    expect(difference(`${name}: accuracy`, accuracies[0]!, accuracies[1]!)).toBeLessThan(1e-6);
    // DPO reads the prompt once in the embedded engine, twice here.
    if (!name.startsWith("dpo")) expect(compare("tokens")).toBe(0);
  });

  it.each(TRAINED)("end at the same weights, in folders that the engine opens: %s", async (name) => {
    const expected = await weights(ran[name].embedded);
    const got = await weights(ran[name].trainer);
    expect(got.architecture).toEqual(expected.architecture);
    expect(got.head).toBe(expected.head);
    expect(got.tokenizer).toEqual(expected.tokenizer);
    // bfloat16 keeps 8 bits: where the last bits of a float32 differ, its rounding may.
    const tolerance = name.includes("bfloat16") ? 2 ** -8 : 1e-4;
    expect(difference(`${name}: weights`, [...got.parameters], [...expected.parameters])).toBeLessThan(tolerance);
  });

  it("save the same checkpoints along the way", async () => {
    for (const k of ["01", "02", "03", "04"]) {
      const [got, expected] = await Promise.all(
        [ran["sft per-example"].trainer, ran["sft per-example"].embedded].map((folder) =>
          weights(folder, `checkpoint-${k}`),
        ),
      );
      expect(difference("sft checkpoints: weights", [...got!.parameters], [...expected!.parameters])).toBeLessThan(
        1e-4,
      );
    }
  });

  it.each(SAMPLED)("give the same answers: %s", async (name) => {
    const expected = await rowsOf<AnswerRow>(ran[name].embedded, "answers");
    const got = await rowsOf<AnswerRow>(ran[name].trainer, "answers");
    const known = ({ logprob: _, ...row }: AnswerRow): object => row;
    expect(got.map(known)).toEqual(expected.map(known));
    expect(expected.some(({ finished }) => finished)).toBe(true);
    const logprobs = (rows: readonly AnswerRow[]): number[] => rows.map(({ logprob }) => logprob);
    expect(difference(`${name}: logprob`, logprobs(got), logprobs(expected))).toBeLessThan(1e-4);
  });

  it.each(["score logprob", "score logprob, bfloat16 weights"] as const)("give the same %s", async (name) => {
    const expected = await rowsOf<LogprobScore>(ran[name].embedded, "scores");
    const got = await rowsOf<LogprobScore>(ran[name].trainer, "scores");
    expect(got.map(({ id, tokens }) => [id, tokens])).toEqual(expected.map(({ id, tokens }) => [id, tokens]));
    const logprobs = (rows: readonly LogprobScore[]): number[] => rows.map(({ logprob }) => logprob);
    expect(difference(name, logprobs(got), logprobs(expected))).toBeLessThan(1e-4);
  });

  it("see the same logits", async () => {
    for (const [k, checkpoint] of [model, tied, successor].entries()) {
      const got = JSON.parse(await readFile(join(root.path, `logits-${k}`, "logits.out.json"), "utf8")) as number[][][];
      const expected = sequences.map((sequence) =>
        referenceLogits(checkpoint, sequence).map((row) => [...logSoftmax(row)]),
      );
      expect(difference("logits", got.flat(2), expected.flat(2))).toBeLessThan(1e-4);
    }
  });

  it("open each other's evaluators and language models", async () => {
    const evaluators = {
      "classify with the engine's": both({
        verb: "score",
        params: classify,
        inputs: { model: { folder: join(ran.evaluator.embedded, "outputs/model") }, rows: texts },
      }),
      "classify with the trainer's": both({
        verb: "score",
        params: classify,
        inputs: { model: { folder: join(ran.evaluator.trainer, "outputs/model") }, rows: texts },
      }),
      "score with the engine's bfloat16": both({
        verb: "score",
        params: score,
        inputs: {
          model: { folder: join(ran["pretrain, bfloat16 storage"].embedded, "outputs/model") },
          rows: demonstrations,
        },
      }),
      "score with the trainer's bfloat16": both({
        verb: "score",
        params: score,
        inputs: {
          model: { folder: join(ran["pretrain, bfloat16 storage"].trainer, "outputs/model") },
          rows: demonstrations,
        },
      }),
    };
    const crossed = await runBoth(join(root.path, "crossed"), evaluators);
    for (const [name, folders] of Object.entries(crossed)) {
      const numbers = async (folder: string): Promise<number[]> =>
        (await rowsOf<Partial<ClassifierScore & LogprobScore>>(folder, "scores")).flatMap(
          ({ probabilities, logprob }) => probabilities ?? [logprob!],
        );
      expect(difference(name, await numbers(folders.trainer), await numbers(folders.embedded))).toBeLessThan(1e-4);
    }
  });

  it("agree on the learning rate of short and long schedules", async () => {
    for (const name of Object.keys(rates)) {
      const { embedded, trainer } = (ran as Readonly<Record<string, Ran>>)[name]!;
      const ratesOf = async (folder: string): Promise<number[]> =>
        (await rowsOf<LogRow>(folder, "log")).map(({ lr }) => lr!);
      expect(difference("learning rates", await ratesOf(trainer), await ratesOf(embedded))).toBeLessThan(1e-15);
    }
  });
});

import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { StepEvent } from "../../kernel-lib/src/core/index.js";
import { type Checkpoint, withClassifierHead, writeCheckpoint } from "../../kernel-lib/src/engine/checkpoint.js";
import type { StepContext } from "../../kernel-lib/src/engine/step-context.js";
import { loadTokenizer } from "../../kernel-lib/src/engine/tokenizer.js";
import { sample } from "../../kernel-lib/src/engine/verbs/sample.js";
import { score } from "../../kernel-lib/src/engine/verbs/score.js";
import type { AnswerRow, ClassifierScore, LogprobScore, Params, Verb } from "../../kernel-lib/src/steps/index.js";
import { referenceClasses, referenceLogprob } from "./reference-llama.js";
import { tinyModel } from "./tiny-models.js";

// Indecisive enough for answers of many lengths.
const model = tinyModel(11, {}, 1);
const tokenizer = loadTokenizer(model.tokenizer);
let directory: string;
let events: StepEvent[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "ilr-step-"));
  await mkdir(join(directory, "inputs"));
  await mkdir(join(directory, "outputs"));
  events = [];
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

async function prepare(checkpoint: Checkpoint, name: string, rows: readonly object[]): Promise<void> {
  await writeCheckpoint(join(directory, "inputs", "model"), checkpoint, { storage: "float32" });
  await writeFile(join(directory, "inputs", name), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
}

function context<V extends Verb>(params: Params<V>, signal = new AbortController().signal): StepContext<V> {
  return { params, seed: 3, directory, emit: (event) => events.push(event), signal };
}

async function output<R>(name: string): Promise<R[]> {
  const lines = (await readFile(join(directory, "outputs", name), "utf8")).trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as R);
}

const prompts = ["the apples has 12 + 3 =", "has 7", "the the the the the the the the"].map((prompt, k) => ({
  id: `p${k}`,
  prompt,
}));

describe("sample", () => {
  it("writes answers in the order of prompts and samples, whose log-probabilities `score` confirms", async () => {
    await prepare(model, "prompts", prompts);
    const decoding = { kind: "temperature", temperature: 0.7, samples: 12 } as const;
    await sample(context<"sample">({ decoding, maxAnswerTokens: 40 }));
    const answers = await output<AnswerRow>("answers");
    expect(answers.map(({ id, sample }) => `${id}/${sample}`)).toEqual(
      prompts.flatMap(({ id }) => Array.from({ length: 12 }, (_, k) => `${id}/${k}`)),
    );
    expect(events.at(-1)).toEqual({ type: "progress", done: 36, total: 36, unit: "answers" });

    // Only answers that decode to the same tokens can be scored again from their text.
    const again = answers.filter(
      ({ answer, tokens, finished }) => finished && tokenizer.encode(answer).length === tokens - 1,
    );
    expect(again.length).toBeGreaterThan(0);
    const rows = again.map(({ id, answer }) => ({
      id,
      answer,
      prompt: prompts.find((prompt) => prompt.id === id)!.prompt,
    }));
    await prepare(model, "rows", rows);
    await score(context<"score">({ kind: "logprob" }));
    const scores = await output<LogprobScore>("scores");
    scores.forEach(({ id, logprob, tokens }, k) => {
      expect(id).toBe(again[k]!.id);
      expect(tokens).toBe(again[k]!.tokens);
      expect(logprob).toBeCloseTo(again[k]!.logprob, 3);
    });
  });

  it("gives the same bytes for the same step", async () => {
    await prepare(model, "prompts", prompts);
    const decoding = { kind: "temperature", temperature: 1, samples: 2 } as const;
    const run = async (): Promise<string> => {
      await sample(context<"sample">({ decoding, maxAnswerTokens: 12 }));
      return await readFile(join(directory, "outputs", "answers"), "utf8");
    };
    expect(await run()).toBe(await run());
  });

  it("refuses damaged prompts, and stops when cancelled", async () => {
    const params = { decoding: { kind: "greedy" }, maxAnswerTokens: 12 } as const;
    await prepare(model, "prompts", [prompts[0]!, prompts[0]!]);
    await expect(sample(context<"sample">(params))).rejects.toMatchObject({ code: "input-damaged" });
    await prepare(model, "prompts", [{ id: "x" }]);
    await expect(sample(context<"sample">(params))).rejects.toMatchObject({ code: "input-damaged" });
    await prepare(model, "prompts", prompts);
    await expect(sample(context<"sample">(params, AbortSignal.abort()))).rejects.toMatchObject({ code: "cancelled" });
    await prepare(withClassifierHead(model, 0), "prompts", prompts);
    await expect(sample(context<"sample">(params))).rejects.toMatchObject({ code: "unsupported" });
  });
});

describe("score", () => {
  it("logprob: the reference's sum over answer and EOS", async () => {
    const rows = prompts.map(({ id, prompt }, k) => ({ id, prompt, answer: "12 apples - 3 has".slice(0, 5 * k) }));
    await prepare(model, "rows", rows);
    await score(context<"score">({ kind: "logprob" }));
    const scores = await output<LogprobScore>("scores");
    rows.forEach(({ id, prompt, answer }, k) => {
      const written = [...tokenizer.encode(answer), tokenizer.eosId];
      expect(scores[k]).toMatchObject({ id, tokens: written.length });
      expect(scores[k]!.logprob).toBeCloseTo(referenceLogprob(model, tokenizer.encode(prompt), written), 3);
    });
  });

  it("classifier: the reference's probabilities", async () => {
    const classifier = withClassifierHead(model, 5);
    // A fresh head is nearly indifferent; a larger one tells texts apart.
    const sharper = {
      ...classifier,
      parameters: classifier.parameters.map((value) => (Math.abs(value) < 0.1 ? value * 20 : value)),
    };
    const rows = prompts.map(({ id, prompt }) => ({ id, text: prompt }));
    await prepare(sharper, "rows", rows);
    await score(context<"score">({ kind: "classifier" }));
    const scores = await output<ClassifierScore>("scores");
    rows.forEach(({ id, text }, k) => {
      const expected = referenceClasses(sharper, tokenizer.encode(text));
      expect(scores[k]!.id).toBe(id);
      expect(scores[k]!.probabilities[0]).toBeCloseTo(expected[0]!, 4);
      expect(scores[k]!.probabilities[1]).toBeCloseTo(expected[1]!, 4);
    });
    expect(events.at(-1)).toEqual({ type: "progress", done: 3, total: 3, unit: "rows" });
  });

  it("refuses the wrong kind of model", async () => {
    await prepare(model, "rows", [{ id: "a", text: "has 7" }]);
    await expect(score(context<"score">({ kind: "classifier" }))).rejects.toMatchObject({ code: "unsupported" });
  });
});

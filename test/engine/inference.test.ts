/** Answering one question at a time, against the sampler and the scorer of the experiments. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  assertFits,
  createScorer,
  loadModel,
  memoryToLoad,
  openLanguageModel,
  parameterLayout,
  sampleAnswers,
  scoreTokens,
  type WrittenToken,
  withClassifierHead,
  writeCheckpoint,
  writeTokens,
} from "../../kernel-lib/src/engine/index.js";
import { EOS_ID, successorModel, tinyModel } from "./tiny-models.js";

const checkpoint = successorModel(3);
const prompts = Array.from({ length: 30 }, (_, i) =>
  Array.from({ length: 1 + (i % 7) }, (_, j) => 2 + ((3 * i + j) % 18)),
);

async function collected(tokens: AsyncIterable<WrittenToken>): Promise<readonly WrittenToken[]> {
  const all: WrittenToken[] = [];
  for await (const token of tokens) all.push(token);
  return all;
}

describe("a written answer", () => {
  it("at a temperature is the sampler's answer of the same seed, question and number", async () => {
    const model = await openLanguageModel(checkpoint);
    const questions = prompts.map((prompt, i) => ({ id: `q${i}`, prompt }));
    const answers = await sampleAnswers(checkpoint, questions, {
      ...{
        decoding: { kind: "temperature", temperature: 0.8, samples: 3 },
        maxAnswerTokens: 12,
        eosId: EOS_ID,
        seed: 5,
      },
    });
    for (const [i, { id, prompt }] of questions.entries()) {
      for (const { sample, tokens, finished, logprob } of answers[i]!) {
        const decoding = { kind: "temperature", temperature: 0.8, seed: 5, id, sample } as const;
        const written = await collected(writeTokens(model, prompt, { decoding, maxAnswerTokens: 12 }));
        expect(written.map((token) => token.id)).toEqual(finished ? [...tokens, EOS_ID] : tokens);
        expect(written.reduce((sum, token) => sum + token.logprob, 0)).toBeCloseTo(logprob, 3);
      }
    }
    await model.dispose();
  });

  it("keeps the likeliest tokens at each place, in order; greedy takes the first", async () => {
    const model = await openLanguageModel(checkpoint);
    const written = await collected(
      writeTokens(model, prompts[5]!, { decoding: { kind: "greedy" }, maxAnswerTokens: 8, top: 4 }),
    );
    expect(written.length).toBeGreaterThan(1);
    for (const { id, top } of written) {
      expect(top).toHaveLength(4);
      expect(top[0]!.id).toBe(id);
      expect(top.map(({ logprob }) => logprob)).toEqual(top.map(({ logprob }) => logprob).sort((a, b) => b - a));
    }
    await model.dispose();
  });

  it("stops when it is cancelled, and refuses what has no place", async () => {
    const model = await openLanguageModel(checkpoint);
    const write = (prompt: readonly number[], signal?: AbortSignal) =>
      collected(writeTokens(model, prompt, { decoding: { kind: "greedy" }, maxAnswerTokens: 4, signal }));
    await expect(write(prompts[0]!, AbortSignal.abort())).rejects.toMatchObject({ code: "cancelled" });
    await expect(write([])).rejects.toMatchObject({ code: "unsupported" });
    await expect(write(new Array<number>(64).fill(3))).rejects.toMatchObject({ code: "unsupported" });
    await expect(openLanguageModel(withClassifierHead(checkpoint, 0))).rejects.toMatchObject({ code: "unsupported" });
    await model.dispose();
  });
});

describe("scored tokens", () => {
  it("sum up to what the scorer gives", async () => {
    const model = await openLanguageModel(checkpoint);
    const scorer = await createScorer(checkpoint);
    const rows = prompts.map((prompt, i) => ({ prompt, answer: [...prompts[(i + 11) % 30]!, EOS_ID] }));
    const sums = await scorer.answerLogprobs(rows);
    for (const [i, { prompt, answer }] of rows.entries()) {
      const tokens = await scoreTokens(model, prompt, answer);
      expect(tokens.map(({ id }) => id)).toEqual(answer);
      expect(tokens.reduce((sum, { logprob }) => sum + logprob, 0)).toBeCloseTo(sums[i]!.logprob, 3);
    }
    await scorer.dispose();
    await model.dispose();
  });
});

describe("loading a model", () => {
  let root: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "ilr-load-"));
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  it("counts the parameters that the file will have", async () => {
    for (const changes of [{}, { tiedEmbeddings: true, layers: 3 }, { heads: 1, intermediateSize: 40 }]) {
      const model = tinyModel(0, changes);
      const folder = await mkdtemp(join(root, "model-"));
      await writeCheckpoint(folder, model, { storage: "float32" });
      const estimate = memoryToLoad(JSON.parse(await readConfig(folder)));
      expect(estimate?.parameters).toBe(parameterLayout(model.architecture, "lm").total);
    }
  });

  it("counts Llama 3 8B, whose heads share keys, as its authors do", () => {
    const llama = {
      ...{ hidden_size: 4096, num_hidden_layers: 32, num_attention_heads: 32, num_key_value_heads: 8 },
      ...{ intermediate_size: 14336, vocab_size: 128256, tie_word_embeddings: false },
    };
    // https://huggingface.co/meta-llama/Meta-Llama-3-8B: 8,030,261,248 parameters.
    expect(memoryToLoad(llama)?.parameters).toBe(8_030_261_248);
    expect(memoryToLoad({ hidden_size: 8 })).toBeUndefined();
    expect(() => assertFits("Llama", memoryToLoad(llama)!, 16 * 2 ** 30)).toThrow(
      /Llama has 8\.0 billion parameters and takes about \d+\.\d GiB to load; 16\.0 GiB are free/,
    );
  });

  it("refuses what is too large before it reads the weights", async () => {
    const folder = await mkdtemp(join(root, "large-"));
    await writeCheckpoint(folder, tinyModel(0), { storage: "float32" });
    await writeFile(join(folder, "model.safetensors"), "not read");
    const { parameters, bytes } = memoryToLoad(JSON.parse(await readConfig(folder)))!;
    await expect(loadModel(folder, { name: "mine", available: bytes - 1 })).rejects.toMatchObject({
      ...{ code: "unsupported", message: expect.stringContaining(`mine has ${parameters} parameters`) },
    });
    await expect(loadModel(folder, { available: bytes })).rejects.toMatchObject({ code: "input-damaged" });
  });

  it("says what to do with an adapter, and with a model of the Hub", async () => {
    for (const [file, words] of [
      ["adapter_config.json", "merge_and_unload"],
      ["hub.json", "download"],
    ] as const) {
      const folder = await mkdtemp(join(root, "other-"));
      await writeFile(join(folder, file), "{}");
      await expect(loadModel(folder)).rejects.toMatchObject({
        ...{ code: "unsupported", hint: expect.stringContaining(words) },
      });
    }
    await expect(loadModel(join(root, "nothing"))).rejects.toMatchObject({ code: "input-missing" });
  });
});

function readConfig(folder: string): Promise<string> {
  return readFile(join(folder, "config.json"), "utf8");
}

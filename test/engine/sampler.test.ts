import { describe, expect, it } from "vitest";
import { seededRandom } from "../../kernel-lib/src/core/index.js";
import type { Checkpoint } from "../../kernel-lib/src/engine/checkpoint.js";
import { type SampledAnswer, type SamplingOptions, sampleAnswers } from "../../kernel-lib/src/engine/sampler/index.js";
import { logSoftmax, referenceLogits, referenceLogprob } from "./reference-llama.js";
import { EOS_ID, successorModel, tinyModel } from "./tiny-models.js";

const base = { maxAnswerTokens: 20, eosId: EOS_ID, seed: 0 } as const;
const greedy: SamplingOptions = { ...base, decoding: { kind: "greedy" } };
const beam4: SamplingOptions = { ...base, decoding: { kind: "beam", width: 4 } };

function randomPrompts(count: number, vocabSize: number, seed = 0): { id: string; prompt: number[] }[] {
  const random = seededRandom("prompts", seed);
  return Array.from({ length: count }, (_, k) => ({
    id: `q${k}`,
    prompt: Array.from({ length: 1 + random.below(12) }, () => random.below(vocabSize)),
  }));
}

const models: readonly [string, Checkpoint][] = [
  ["random weights", tinyModel(1)],
  ["random weights, tied embeddings", tinyModel(2, { tiedEmbeddings: true })],
  ["one layer, other rotary base", tinyModel(3, { layers: 1, ropeTheta: 100, rmsNormEps: 1e-3 })],
  ["lightly structured weights", successorModel(4)],
];

/** Greedy decoding that computes everything again for every token. */
function recomputedGreedy(checkpoint: Checkpoint, prompt: readonly number[], limit: number): SampledAnswer {
  const tokens: number[] = [];
  let logprob = 0;
  for (let step = 0; step < limit; step++) {
    const logprobs = logSoftmax(referenceLogits(checkpoint, [...prompt, ...tokens]).at(-1)!);
    const token = logprobs.indexOf(Math.max(...logprobs));
    logprob += logprobs[token]!;
    if (token === EOS_ID) return { sample: 0, tokens, logprob, finished: true };
    tokens.push(token);
  }
  return { sample: 0, tokens, logprob, finished: false };
}

interface Hypothesis {
  readonly tokens: readonly number[];
  readonly logprob: number;
}

/** vLLM 0.5's beam search, written from its description, without a cache. */
function bruteForceBeam(
  checkpoint: Checkpoint,
  prompt: readonly number[],
  width: number,
  limit: number,
): SampledAnswer {
  const ended = ({ tokens }: Hypothesis): boolean => tokens.at(-1) === EOS_ID;
  const score = (h: Hypothesis): number => h.logprob / (prompt.length + h.tokens.length - (ended(h) ? 1 : 0));
  let beams: Hypothesis[] = [{ tokens: [], logprob: 0 }];
  let finished: Hypothesis[] = [];
  for (let step = 1; step <= limit; step++) {
    const children = beams
      .flatMap(({ tokens, logprob }) =>
        logSoftmax(referenceLogits(checkpoint, [...prompt, ...tokens]).at(-1)!).map((value, token) => ({
          tokens: [...tokens, token],
          logprob: logprob + value,
        })),
      )
      .sort((x, y) => y.logprob - x.logprob)
      .slice(0, 2 * width);
    const running = children.filter((child) => !ended(child) && step < limit);
    finished = [...finished, ...children.filter((child) => ended(child) || step === limit)]
      .sort((x, y) => score(y) - score(x))
      .slice(0, width);
    if (running.length === 0) break;
    if (finished.length === width && score(finished[width - 1]!) >= score(running[0]!)) break;
    beams = running.slice(0, width);
  }
  const best = finished[0]!;
  return {
    sample: 0,
    tokens: ended(best) ? best.tokens.slice(0, -1) : best.tokens,
    logprob: best.logprob,
    finished: ended(best),
  };
}

function expectSameAnswer(got: SampledAnswer, expected: SampledAnswer): void {
  expect({ ...got, logprob: 0 }).toEqual({ ...expected, logprob: 0 });
  expect(got.logprob).toBeCloseTo(expected.logprob, 3);
}

describe.each(models)("sampling from a model with %s", (_, checkpoint) => {
  const prompts = randomPrompts(24, checkpoint.architecture.vocabSize);

  it("greedy with the cache equals full recomputation, token for token", async () => {
    const answers = await sampleAnswers(checkpoint, prompts, greedy);
    prompts.forEach(({ prompt }, k) => {
      expect(answers[k]).toHaveLength(1);
      expectSameAnswer(answers[k]![0]!, recomputedGreedy(checkpoint, prompt, base.maxAnswerTokens));
    });
  });

  it.each([1, 2, 4])("beam search of width %i equals a brute-force one", async (width) => {
    const answers = await sampleAnswers(checkpoint, prompts, { ...beam4, decoding: { kind: "beam", width } });
    prompts.slice(0, width === 4 ? 24 : 8).forEach(({ prompt }, k) => {
      expectSameAnswer(answers[k]![0]!, bruteForceBeam(checkpoint, prompt, width, base.maxAnswerTokens));
    });
  });

  it("log-probabilities of samples are those of the reference at temperature 1", async () => {
    const decoding = { kind: "temperature", temperature: 0.6, samples: 4 } as const;
    const answers = await sampleAnswers(checkpoint, prompts.slice(0, 8), { ...base, decoding });
    answers.forEach((samples, k) => {
      expect(samples.map(({ sample }) => sample)).toEqual([0, 1, 2, 3]);
      for (const { tokens, logprob, finished } of samples) {
        const written = finished ? [...tokens, EOS_ID] : tokens;
        expect(logprob).toBeCloseTo(referenceLogprob(checkpoint, prompts[k]!.prompt, written), 3);
        expect(written.length).toBeLessThanOrEqual(base.maxAnswerTokens);
        expect(finished || written.length === base.maxAnswerTokens).toBe(true);
      }
    });
  });
});

describe("temperature sampling", () => {
  const checkpoint = tinyModel(5, { vocabSize: 8, layers: 1 }, 1);
  const prompt = [3, 5, 2];

  it("draws answers with the exact probabilities (chi-square, fixed seed)", async () => {
    const temperature = 0.7;
    const samples = 6000;
    const decoding = { kind: "temperature", temperature, samples } as const;
    const [answers] = await sampleAnswers(checkpoint, [{ id: "q", prompt }], { ...base, decoding, maxAnswerTokens: 2 });
    const counts = new Map<string, number>();
    for (const { tokens, finished } of answers!) {
      const key = [...tokens, ...(finished ? [EOS_ID] : [])].join();
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    const shares = (written: readonly number[]): number[] =>
      logSoftmax(referenceLogits(checkpoint, [...prompt, ...written]).at(-1)!, temperature).map(Math.exp);
    const expected = shares([]).flatMap((first, token): [string, number][] =>
      token === EOS_ID
        ? [[`${EOS_ID}`, first]]
        : shares([token]).map((second, next): [string, number] => [`${token},${next}`, first * second]),
    );
    let statistic = 0;
    for (const [key, share] of expected)
      statistic += ((counts.get(key) ?? 0) - samples * share) ** 2 / (samples * share);
    // 7 * 8 + 1 outcomes: chi-square with 56 degrees of freedom is above 94.5 once in a thousand.
    expect(expected).toHaveLength(57);
    expect([...counts.keys()].every((key) => expected.some(([known]) => known === key))).toBe(true);
    expect(statistic).toBeLessThan(94.5);
  });

  it("draws the likeliest token at a temperature near zero", async () => {
    const prompts = randomPrompts(20, 20);
    const model = tinyModel(6);
    const decoding = { kind: "temperature", temperature: 1e-4, samples: 2 } as const;
    const cold = await sampleAnswers(model, prompts, { ...base, decoding });
    const best = await sampleAnswers(model, prompts, greedy);
    cold.forEach((samples, k) => {
      for (const sample of samples) expect(sample.tokens).toEqual(best[k]![0]!.tokens);
    });
  });

  it("gives other samples for another seed, and the same for the same", async () => {
    const decoding = { kind: "temperature", temperature: 1, samples: 3 } as const;
    const prompts = randomPrompts(10, 20);
    const run = (seed: number): ReturnType<typeof sampleAnswers> =>
      sampleAnswers(tinyModel(6), prompts, { ...base, seed, decoding });
    expect(await run(1)).toEqual(await run(1));
    expect(await run(1)).not.toEqual(await run(2));
  });
});

describe("an answer does not depend on the batch it was written in", () => {
  const checkpoint = tinyModel(7);
  // More than fit at once, so that questions are admitted while others are under way.
  const prompts = randomPrompts(300, 20, 1);
  const decodings = [
    { kind: "greedy" },
    { kind: "beam", width: 4 },
    { kind: "temperature", temperature: 1, samples: 1 },
    { kind: "temperature", temperature: 1, samples: 6 },
  ] as const;

  it.each(decodings)("%o", async (decoding) => {
    const options: SamplingOptions = { ...base, decoding };
    const together = await sampleAnswers(checkpoint, prompts, options);
    const shuffled = seededRandom("order", 0).shuffle(prompts);
    const reordered = await sampleAnswers(checkpoint, shuffled, options);
    shuffled.forEach(({ id }, place) => {
      const expected = together[prompts.findIndex((prompt) => prompt.id === id)]!;
      reordered[place]!.forEach((answer, k) => {
        expectSameAnswer(answer, expected[k]!);
      });
    });
    for (const k of [0, 17, 299]) {
      const [alone] = await sampleAnswers(checkpoint, [prompts[k]!], options);
      alone!.forEach((answer, sample) => {
        expectSameAnswer(answer, together[k]![sample]!);
      });
    }
  });

  it("nor does a sample depend on how many others are drawn", async () => {
    const draw = (samples: number): ReturnType<typeof sampleAnswers> =>
      sampleAnswers(checkpoint, prompts.slice(0, 20), {
        ...base,
        decoding: { kind: "temperature", temperature: 1, samples },
      });
    const [two, seven] = [await draw(2), await draw(7)];
    two.forEach((samples, k) => {
      samples.forEach((answer, sample) => {
        expectSameAnswer(answer, seven[k]![sample]!);
      });
    });
  });
});

describe("limits and requests", () => {
  const checkpoint = tinyModel(8, { maxPositions: 16 });

  it("an answer ends at EOS, at its limit, and at the model's last position", async () => {
    const prompts = randomPrompts(40, 20, 2);
    const answers = await sampleAnswers(checkpoint, prompts, { ...greedy, maxAnswerTokens: 9 });
    answers.forEach(([answer], k) => {
      const written = answer!.tokens.length + (answer!.finished ? 1 : 0);
      const limit = Math.min(9, 16 - prompts[k]!.prompt.length);
      expect(answer!.tokens).not.toContain(EOS_ID);
      expect(answer!.finished ? written <= limit : written === limit).toBe(true);
    });
    expect(answers.some(([answer]) => !answer!.finished)).toBe(true);
  });

  it("refuses empty and overlong prompts, and classifiers", async () => {
    const ask = (prompt: number[]): Promise<unknown> => sampleAnswers(checkpoint, [{ id: "q", prompt }], greedy);
    await expect(ask([])).rejects.toMatchObject({ name: "LabError", code: "unsupported" });
    await expect(ask(Array(16).fill(3))).rejects.toMatchObject({ code: "unsupported" });
    await expect(sampleAnswers({ ...checkpoint, head: "classifier" }, [], greedy)).rejects.toMatchObject({
      code: "unsupported",
    });
    await expect(
      sampleAnswers(checkpoint, [{ id: "q", prompt: [3] }], { ...beam4, decoding: { kind: "beam", width: 11 } }),
    ).rejects.toMatchObject({ code: "unsupported" });
  });

  it("answers nothing when nothing is asked", async () => {
    expect(await sampleAnswers(checkpoint, [], greedy)).toEqual([]);
  });

  it("stops between runs when cancelled, and reports progress", async () => {
    const controller = new AbortController();
    const seen: [number, number][] = [];
    const running = sampleAnswers(checkpoint, randomPrompts(300, 20, 3), {
      ...greedy,
      signal: controller.signal,
      onProgress: (done, total) => {
        seen.push([done, total]);
        controller.abort();
      },
    });
    await expect(running).rejects.toMatchObject({ code: "cancelled" });
    expect(seen).toHaveLength(1);
    expect(seen[0]![1]).toBe(300);
  });
});

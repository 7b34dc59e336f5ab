/** Properties of losses: padding changes nothing, shared prompts change nothing, DPO is its formula. */
import { describe, expect, it } from "vitest";
import type { OutputRows, Sequence } from "../../kernel-lib/src/engine/batch.js";
import { createForward, lengthBatches } from "../../kernel-lib/src/engine/forward.js";
import { createScorer, withClassifierHead } from "../../kernel-lib/src/engine/index.js";
import { likelihoodFeeds, preference, weightedLikelihood } from "../../kernel-lib/src/engine/objective.js";
import { packBatch } from "../../kernel-lib/src/engine/packing.js";
import { learningRate } from "../../kernel-lib/src/engine/schedule.js";
import { answered, branched, classified } from "../../kernel-lib/src/engine/sequences.js";
import { createTrainer, type StepResult } from "../../kernel-lib/src/engine/trainer.js";
import { pairSequence, preferenceFeeds, referenceMargins } from "../../kernel-lib/src/engine/verbs/dpo.js";
import { checkpointSteps, tokenWeights } from "../../kernel-lib/src/engine/verbs/sft.js";
import { optimizerSchema } from "../../kernel-lib/src/steps/index.js";
import { tinyModel } from "./tiny-models.js";

const model = tinyModel(5);
const { heads, maxPositions } = model.architecture;
const optimizer = optimizerSchema.parse({ name: "adamw", lr: 1e-3 });

/** Loss and gradient norm of one batch, and the parameters after a step. */
async function oneStep(
  sequences: readonly Sequence[],
  rows: OutputRows = "selected",
): Promise<StepResult & { readonly parameters: Float32Array }> {
  const trainer = await createTrainer({ ...model, optimizer, objective: weightedLikelihood, rows });
  const { feeds } = packBatch(sequences, heads, maxPositions, rows);
  const weights = likelihoodFeeds(tokenWeights(sequences, "per-example"));
  const result = await trainer.step({ ...feeds, ...weights }, 1e-3);
  const parameters = trainer.parameters();
  await trainer.dispose();
  return { ...result, parameters };
}

const rows = [
  answered([3, 4, 5, 6, 7, 8, 9], [10, 11, 1]),
  answered([12], [13, 14, 15, 16, 17, 18, 19, 3, 1]),
  answered([4, 4], [1]),
  answered([5, 6, 7, 8, 9, 10, 11, 12, 13], [14, 1]),
];

describe("packing", () => {
  it("the loss of a batch of different lengths is the mean of the losses of its rows", async () => {
    const together = await oneStep(rows);
    const alone: StepResult[] = [];
    for (const row of rows) alone.push(await oneStep([row]));
    expect(together.loss).toBeCloseTo(alone.reduce((sum, { loss }) => sum + loss, 0) / rows.length, 5);
  });

  it("rows keep their log-probabilities in any company", async () => {
    const together = Array.from((await oneStep(rows)).reports.logprobs!);
    const alone: number[] = [];
    for (const row of rows) alone.push(...(await oneStep([row])).reports.logprobs!);
    for (const [k, value] of alone.entries()) expect(together[k]).toBeCloseTo(value, 5);
  });

  it("skipping the outputs without a loss changes neither loss nor gradient", async () => {
    const whole = rows.map(({ ids }) => answered(ids.slice(0, 1), ids.slice(1)));
    const selected = await oneStep(whole);
    const every = await oneStep(whole, "every");
    expect(selected.loss).toBeCloseTo(every.loss, 5);
    expect(selected.gradientNorm / every.gradientNorm).toBeCloseTo(1, 5);
    for (const [k, value] of every.parameters.entries())
      expect(Math.abs(value - selected.parameters[k]!)).toBeLessThan(1e-4);
  });

  it("answers that share their prompt score as they do alone", async () => {
    const answers = [
      [7, 8, 9, 1],
      [10, 1],
      [11, 12, 13, 14, 15, 1],
    ];
    for (const prompt of [[3, 4, 5, 6], [3], []]) {
      const forward = await createForward(model.architecture, "lm");
      const shared = await forward.logprobs([branched(prompt, answers), rows[0]!], model.parameters);
      const apart = await forward.logprobs(
        answers.map((answer) => answered(prompt, answer)),
        model.parameters,
      );
      for (const [k, value] of apart.entries()) expect(shared[k]).toBeCloseTo(value, 4);
      await forward.dispose();
    }
  });

  it("a model of one layer trains, though only its last layer's inputs are used", async () => {
    const single = tinyModel(7, { layers: 1, tiedEmbeddings: true });
    const trainer = await createTrainer({ ...single, optimizer, objective: weightedLikelihood, rows: "selected" });
    const { feeds } = packBatch(rows, heads, maxPositions, "selected");
    const batch = { ...feeds, ...likelihoodFeeds(tokenWeights(rows, "per-token")) };
    const first = await trainer.step(batch, 1e-2);
    const second = await trainer.step(batch, 1e-2);
    expect(second.loss).toBeLessThan(first.loss);
    await trainer.dispose();
  });

  it("batches of similar lengths hold every sequence once", () => {
    const many = Array.from({ length: 300 }, (_, k) => classified(new Array<number>(1 + ((k * 37) % 60)).fill(3), 0));
    const batches = lengthBatches(many);
    expect(batches.flat().sort((a, b) => a - b)).toEqual(many.map((_, k) => k));
    for (const batch of batches) {
      expect(batch.reduce((sum, k) => sum + many[k]!.ids.length, 0)).toBeLessThanOrEqual(4096);
    }
  });
});

describe("DPO", () => {
  const pairs = [pairSequence([3, 4, 5], [6, 7, 8, 1], [9, 1]), pairSequence([10], [11, 1], [12, 13, 14, 15, 1])];
  const reference = tinyModel(6);
  const logRatio = async (loss: "sigmoid" | "ipo"): Promise<readonly number[]> => {
    const [policy, base] = [await referenceMargins(model, pairs, loss), await referenceMargins(reference, pairs, loss)];
    return Array.from(policy, (margin, k) => margin - base[k]!);
  };
  const lossOf = async (options: Parameters<typeof preference>[0]): Promise<StepResult> => {
    const trainer = await createTrainer({ ...model, optimizer, objective: preference(options), rows: "selected" });
    const offsets = Array.from(await referenceMargins(reference, pairs, options.loss), (margin) => -margin);
    const { feeds } = packBatch(
      pairs.map(({ sequence }) => sequence),
      heads,
      maxPositions,
      "selected",
    );
    const result = await trainer.step({ ...feeds, ...preferenceFeeds(pairs, offsets, options.loss) }, 1e-3);
    await trainer.dispose();
    return result;
  };
  const logSigmoid = (x: number): number => -Math.log1p(Math.exp(-x));
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

  it("margins are differences of the scorer's log-probabilities", async () => {
    const scorer = await createScorer(model);
    const scores = await scorer.answerLogprobs([
      { prompt: [3, 4, 5], answer: [6, 7, 8, 1] },
      { prompt: [3, 4, 5], answer: [9, 1] },
    ]);
    const [first] = await referenceMargins(model, pairs, "sigmoid");
    const [average] = await referenceMargins(model, pairs, "ipo");
    expect(scores.map(({ tokens }) => tokens)).toEqual([4, 2]);
    expect(first).toBeCloseTo(scores[0]!.logprob - scores[1]!.logprob, 4);
    expect(average).toBeCloseTo(scores[0]!.logprob / 4 - scores[1]!.logprob / 2, 4);
    await scorer.dispose();
  });

  it("sigmoid loss and its conservative form equal the formula", async () => {
    const h = await logRatio("sigmoid");
    for (const [beta, labelSmoothing] of [
      [0.1, 0],
      [0.3, 0.2],
    ] as const) {
      const expected = h.map(
        (x) => -(1 - labelSmoothing) * logSigmoid(beta * x) - labelSmoothing * logSigmoid(-beta * x),
      );
      const { loss, reports } = await lossOf({ beta, loss: "sigmoid", labelSmoothing });
      expect(loss).toBeCloseTo(mean(expected), 5);
      for (const [k, x] of h.entries()) expect(reports.margins![k]).toBeCloseTo(x, 4);
    }
  });

  it("a formula trains as the loss that it writes out", async () => {
    const formula = { formula: "-log_sigmoid(beta * margin)" };
    for (const labelSmoothing of [0, 0.2]) {
      const named = await lossOf({ beta: 0.3, loss: "sigmoid", labelSmoothing });
      const written = await lossOf({ beta: 0.3, loss: formula, labelSmoothing });
      expect(written.loss).toBeCloseTo(named.loss, 6);
      expect(written.gradientNorm / named.gradientNorm).toBeCloseTo(1, 5);
    }
  });

  it("IPO equals the formula", async () => {
    const h = await logRatio("ipo");
    const { loss } = await lossOf({ beta: 0.4, loss: "ipo", labelSmoothing: 0 });
    expect(loss).toBeCloseTo(mean(h.map((x) => (x - 1 / 0.8) ** 2)), 4);
  });
});

describe("scorer", () => {
  it("class probabilities sum to one, in the order of the rows", async () => {
    const scorer = await createScorer(withClassifierHead(model, 1));
    const texts = [[3, 4, 5], [6], [7, 8, 9, 10, 11]];
    const together = await scorer.classify(texts);
    for (const [k, text] of texts.entries()) {
      const [alone] = await scorer.classify([text]);
      expect(together[k]![1]).toBeCloseTo(alone![1], 5);
      expect(together[k]![0] + together[k]![1]).toBeCloseTo(1, 6);
    }
    await expect(scorer.classify([[]])).rejects.toMatchObject({ code: "unsupported" });
    await expect(scorer.answerLogprobs([{ prompt: [3], answer: [4] }])).rejects.toMatchObject({ code: "unsupported" });
    await scorer.dispose();
  });
});

describe("schedules", () => {
  it("warm-up and cosine as Hugging Face's", () => {
    const at = (step: number): number => learningRate({ ...optimizer, lr: 1, warmup: 0.25 }, step, 8);
    expect([0, 1, 2, 5, 8].map(at)).toEqual([0, 0.5, 1, 0.5, 0].map((value) => expect.closeTo(value, 12)));
    expect(learningRate({ ...optimizer, lr: 1, warmup: 0, schedule: "constant" }, 7, 8)).toBe(1);
  });

  it("checkpoints are evenly spaced and end with the last step", () => {
    expect(checkpointSteps(4, 10)).toEqual([3, 5, 8, 10]);
    expect(checkpointSteps(3, 2)).toEqual([1, 1, 2]);
    expect(checkpointSteps(0, 10)).toEqual([]);
  });
});

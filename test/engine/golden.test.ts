/** The engine against PyTorch and transformers: losses and gradient norms of 20 steps (test/golden/make-trajectories.py). */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Feeds, Sequence } from "../../kernel-lib/src/engine/batch.js";
import type { Checkpoint } from "../../kernel-lib/src/engine/checkpoint.js";
import { type Head, parameterLayout } from "../../kernel-lib/src/engine/layout.js";
import {
  likelihoodFeeds,
  type Objective,
  preference,
  weightedLikelihood,
} from "../../kernel-lib/src/engine/objective.js";
import { packBatch } from "../../kernel-lib/src/engine/packing.js";
import { learningRate } from "../../kernel-lib/src/engine/schedule.js";
import { answered, classified } from "../../kernel-lib/src/engine/sequences.js";
import { createTrainer } from "../../kernel-lib/src/engine/trainer.js";
import { pairSequence, preferenceFeeds, referenceMargins } from "../../kernel-lib/src/engine/verbs/dpo.js";
import { tokenWeights } from "../../kernel-lib/src/engine/verbs/sft.js";
import { type Architecture, type Optimizer, optimizerSchema } from "../../kernel-lib/src/steps/index.js";

const STEPS = 20;
const golden = JSON.parse(readFileSync(new URL("../golden/trajectories.json", import.meta.url), "utf8")) as {
  readonly cases: Readonly<
    Record<string, { readonly losses: readonly number[]; readonly gradientNorms: readonly number[] }>
  >;
};

/** Numerical Recipes' linear congruential generator, as in the Python script. */
function generator(seed: number): { next(): number; below(bound: number): number } {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return { next, below: (bound) => Math.floor(next() * bound) };
}

interface Row {
  readonly prompt: readonly number[];
  readonly chosen: readonly number[];
  readonly rejected: readonly number[];
  readonly label: number;
}

function makeBatches(): readonly (readonly Row[])[] {
  const random = generator(7);
  const tokens = (low: number, high: number): number[] =>
    Array.from({ length: low + random.below(high - low) }, () => 1 + random.below(28));
  return Array.from({ length: 3 }, () =>
    Array.from({ length: 4 }, () => ({
      prompt: tokens(3, 9),
      chosen: tokens(2, 10),
      rejected: tokens(2, 10),
      label: random.below(2),
    })),
  );
}

function makeModel(tied: boolean, head: Head, seed: number): Checkpoint {
  const architecture: Architecture = {
    vocabSize: 29,
    hiddenSize: 24,
    layers: 2,
    heads: 2,
    intermediateSize: 40,
    maxPositions: 64,
    ropeTheta: 10000,
    rmsNormEps: 1e-5,
    tiedEmbeddings: tied,
  };
  const random = generator(seed);
  const { blocks, total } = parameterLayout(architecture, head);
  const parameters = new Float32Array(total);
  for (const { name, offset, size } of blocks) {
    for (let i = 0; i < size; i++) {
      const value = random.next() - 0.5;
      parameters[offset + i] = name.includes("norm") ? 1 + 0.4 * value : 0.5 * value;
    }
  }
  return { architecture, head, parameters, tokenizer: null };
}

const adamw = (weightDecay = 0): Optimizer =>
  optimizerSchema.parse({ name: "adamw", lr: 3e-3, weightDecay, warmup: 0.1 });
const rmsprop = (weightDecay = 0): Optimizer =>
  optimizerSchema.parse({ name: "rmsprop", lr: 3e-4, weightDecay, warmup: 0.1 });

interface Case {
  readonly model: Checkpoint;
  readonly optimizer: Optimizer;
  readonly objective: Objective;
  readonly every?: boolean;
  readonly feeds: (batch: readonly Row[]) => { readonly sequences: readonly Sequence[]; readonly objective: Feeds };
}

function nextToken(batch: readonly Row[]): { readonly sequences: readonly Sequence[]; readonly objective: Feeds } {
  const streams = batch.map(({ prompt, chosen, rejected }) => [...prompt, ...chosen, ...rejected]);
  const length = Math.min(...streams.map((stream) => stream.length));
  const sequences = streams.map((stream) => answered(stream.slice(0, 1), stream.slice(1, length)));
  return { sequences, objective: likelihoodFeeds(tokenWeights(sequences, "per-token")) };
}

function sft(weighting: "per-example" | "per-token"): Case["feeds"] {
  return (batch) => {
    const sequences = batch.map(({ prompt, chosen }) => answered(prompt, chosen));
    return { sequences, objective: likelihoodFeeds(tokenWeights(sequences, weighting)) };
  };
}

async function dpo(
  optimizer: Optimizer,
  options: { readonly beta: number; readonly loss: "sigmoid" | "ipo"; readonly labelSmoothing: number },
): Promise<Case> {
  const pairs = makeBatches().map((batch) =>
    batch.map(({ prompt, chosen, rejected }) => pairSequence(prompt, chosen, rejected)),
  );
  const margins = await referenceMargins(makeModel(false, "lm", 2), pairs.flat(), options.loss);
  let step = 0;
  const feeds = (): { readonly sequences: readonly Sequence[]; readonly objective: Feeds } => {
    const k = step++ % pairs.length;
    const offsets = Array.from(margins.subarray(4 * k, 4 * k + 4), (margin) => -margin);
    return {
      sequences: pairs[k]!.map(({ sequence }) => sequence),
      objective: preferenceFeeds(pairs[k]!, offsets, options.loss),
    };
  };
  return { model: makeModel(false, "lm", 1), optimizer, objective: preference(options), feeds };
}

const cases: Readonly<Record<string, () => Case | Promise<Case>>> = {
  "pretrain, tied": () => ({
    model: makeModel(true, "lm", 1),
    optimizer: adamw(),
    objective: weightedLikelihood,
    every: true,
    feeds: nextToken,
  }),
  "pretrain, untied": () => ({
    model: makeModel(false, "lm", 1),
    optimizer: adamw(),
    objective: weightedLikelihood,
    every: true,
    feeds: nextToken,
  }),
  "sft per-example, untied": () => ({
    model: makeModel(false, "lm", 1),
    optimizer: adamw(0.1),
    objective: weightedLikelihood,
    feeds: sft("per-example"),
  }),
  "sft per-token, tied": () => ({
    model: makeModel(true, "lm", 1),
    optimizer: adamw(),
    objective: weightedLikelihood,
    feeds: sft("per-token"),
  }),
  "dpo sigmoid": () => dpo(rmsprop(), { beta: 0.1, loss: "sigmoid", labelSmoothing: 0 }),
  "dpo smoothing": () => dpo(rmsprop(0.1), { beta: 0.5, loss: "sigmoid", labelSmoothing: 0.2 }),
  "dpo ipo": () => dpo(rmsprop(), { beta: 0.3, loss: "ipo", labelSmoothing: 0 }),
  classifier: () => ({
    model: makeModel(false, "classifier", 1),
    optimizer: adamw(),
    objective: weightedLikelihood,
    feeds: (batch) => ({
      sequences: batch.map(({ prompt, chosen, label }) => classified([...prompt, ...chosen], label)),
      objective: likelihoodFeeds(batch.map(() => 1 / batch.length)),
    }),
  }),
};

/** Largest relative difference. */
function distance(got: readonly number[], expected: readonly number[]): number {
  return Math.max(...expected.map((value, k) => Math.abs(got[k]! - value) / Math.max(1e-3, Math.abs(value))));
}

describe("20 steps as PyTorch takes them", () => {
  for (const [name, make] of Object.entries(cases)) {
    it(name, async () => {
      const { model, optimizer, objective, every, feeds } = await make();
      const rows = every ? "every" : "selected";
      const trainer = await createTrainer({ ...model, optimizer, objective, rows });
      const batches = makeBatches();
      const losses: number[] = [];
      const norms: number[] = [];
      for (let step = 0; step < STEPS; step++) {
        const batch = feeds(batches[step % batches.length]!);
        const packed = packBatch(batch.sequences, model.architecture.heads, model.architecture.maxPositions, rows);
        const lr = learningRate(optimizer, step, STEPS);
        const result = await trainer.step({ ...packed.feeds, ...batch.objective }, lr);
        losses.push(result.loss);
        norms.push(result.gradientNorm);
      }
      await trainer.dispose();
      const expected = golden.cases[name]!;
      expect(distance(losses, expected.losses)).toBeLessThan(1e-5);
      expect(distance(norms, expected.gradientNorms)).toBeLessThan(1e-5);
    });
  }
});

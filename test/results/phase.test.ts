import { describe, expect, it } from "vitest";
import { type Point, parseExperiment, presetByName, type RunRecord } from "../../kernel-lib/src/experiments/index.js";
import { phaseFrame } from "../../kernel-lib/src/results/index.js";
import { syntheticRun } from "./synthetic-run.js";

interface Made {
  readonly correct: string;
  readonly validation: number | null;
  readonly kl: number;
}

/** Two arms of ILR and two learning rates of DPO with the same comparisons, one round each; four test questions. */
function record(dpo: Readonly<Record<"slow" | "fast", Made>>, seeds: readonly number[] = [0]): RunRecord {
  const comparisons = { noisyOracle: 0.7, errors: "redrawn" } as const;
  const base = presetByName("micro-math/main");
  const experiment = parseExperiment({
    ...base,
    arms: [
      { name: "SFT", method: "sft" },
      { name: "careful", method: "ilr", comparisons },
      { name: "bold", method: "ilr", comparisons, alpha: 1 },
      { name: "slow", method: "dpo", comparisons },
      { name: "fast", method: "dpo", comparisons, lr: 1e-5 },
      { name: "other source", method: "dpo", comparisons: { noisyOracle: 0.7, errors: "by-question" } },
    ],
  });
  const synthetic = syntheticRun({ questions: 4 });
  const blank = synthetic.points[0]!;
  const point = (seed: number, arm: string, round: number, made: Partial<Made> & { correct: string }): Point => ({
    ...{ ...blank, seed, arm, round, correct: made.correct, testCount: 4, kl: made.kl ?? null, klError: 0.01 },
    method: arm === "SFT" ? "sft" : ["careful", "bold"].includes(arm) ? "ilr" : "dpo",
    validationAccuracy: made.validation ?? null,
  });
  return {
    ...synthetic,
    provenance: { ...synthetic.provenance, experiment },
    points: seeds.flatMap((seed) => [
      point(seed, "SFT", 0, { correct: "1000" }),
      point(seed, "careful", 1, { correct: "1100", kl: 0.5 }),
      point(seed, "bold", 1, { correct: "1110", kl: 0.02 }),
      point(seed, "slow", 1, dpo.slow),
      point(seed, "fast", 1, dpo.fast),
      point(seed, "other source", 1, { correct: "1111", validation: 1, kl: 0.5 }),
    ]),
  };
}

const slow: Made = { correct: "1111", validation: 0.4, kl: 0.01 };
const fast: Made = { correct: "0000", validation: 0.6, kl: 0.9 };

describe("the phase diagram", () => {
  it("takes DPO's learning rate from validation questions, and not from test questions", () => {
    const rows = phaseFrame(record({ slow, fast })).objects();
    expect(rows).toMatchObject([
      { comparisons: 0.7, errors: "redrawn", alpha: 0.15, ilr: "careful", dpo: "fast", lr: 1e-5, validation: 60 },
      { alpha: 1, ilr: "bold", dpo: "fast" },
    ]);
    expect(phaseFrame(record({ slow: { ...slow, validation: 0.7 }, fast })).objects()).toMatchObject([
      { dpo: "slow", lr: 3e-6, validation: 70 },
      { dpo: "slow" },
    ]);
  });

  it("holds ILR against the rate that was chosen, and against the DPO that moved as far", () => {
    const [careful, bold] = phaseFrame(record({ slow, fast })).objects() as Record<string, unknown>[];
    expect(careful).toMatchObject({ ilrKl: 0.5, dpoKl: 0.9, matched: "fast", matchedRound: 1, matchedKl: 0.9 });
    expect(bold).toMatchObject({ ilrKl: 0.02, dpoKl: 0.9, matched: "slow", matchedKl: 0.01 });
    // Adjusted Wald intervals lie around (b - c) / (n + 2), estimates at (b - c) / n.
    expect([careful!.difference, careful!.matchedDifference]).toEqual([50, 50]);
    expect([bold!.difference, bold!.matchedDifference]).toEqual([75, -25]);
    expect([careful!.ilrGain, careful!.dpoGain]).toEqual([25, -25]);
    expect(Number(careful!.differenceLow)).toBeLessThan(50);
  });

  it("refuses to choose without validation questions, unless there is nothing to choose", () => {
    const unseen = { slow: { ...slow, validation: null }, fast };
    expect(() => phaseFrame(record(unseen))).toThrow(expect.objectContaining({ code: "input-missing" }));
    expect(phaseFrame(syntheticRun()).objects()).toMatchObject([
      {
        comparisons: 0.75,
        errors: "by-pair",
        ilr: "ILR (noisy oracle 0.75)",
        dpo: "DPO (noisy oracle 0.75)",
        validation: null,
      },
    ]);
  });

  it("takes the mean over seeds", () => {
    const run = record({ slow, fast });
    const two = {
      ...run,
      points: [
        ...run.points,
        ...run.points.map((point) => ({ ...point, seed: 1, validationAccuracy: point.arm === "slow" ? 0.9 : 0.2 })),
      ],
    };
    expect(phaseFrame(two).objects()).toMatchObject([{ dpo: "slow", validation: 65 }, {}]);
  });
});

import { describe, expect, it } from "vitest";
import type { CalibrationBin, RunRecord } from "../../kernel-lib/src/experiments/index.js";
import { calibrationOf } from "../../kernel-lib/src/experiments/points.js";
import { calibrationCurves, confidenceOf, describeCalibration } from "../../kernel-lib/src/results/index.js";
import { syntheticRun } from "./synthetic-run.js";

type Row = { readonly score: number; readonly right: boolean };

/** Scores with the truth: in the first seed sure and right, in the second unsure and wrong. */
const scores: readonly (readonly Row[])[] = [
  [
    { score: 0.95, right: true },
    { score: 0.05, right: false },
    { score: 0.92, right: true },
    { score: 0.98, right: false },
  ],
  [
    { score: 0.55, right: false },
    { score: 0.45, right: true },
  ],
];

function believing(): RunRecord {
  const run = syntheticRun({ seeds: [0, 1], questions: 20, rounds: 1 });
  const points = run.points.map((point) => ({
    ...point,
    calibration:
      point.arm === "ILR (evaluator)" || point.arm === "ILR (oracle)" ? calibrationOf(scores[point.seed]!) : null,
  }));
  return {
    ...run,
    points,
    evaluators: run.evaluators.map((row) => ({ ...row, calibration: calibrationOf(scores[0]!) })),
  };
}

describe("calibrationCurves", () => {
  it("has held-out pairs and what arms showed to a model, seeds together, without empty tenths", () => {
    const curves = calibrationCurves(believing());
    expect(curves.map(({ name }) => name)).toEqual(["Held-out pairs", "ILR (evaluator)"]);
    const { bins } = curves[1]!;
    expect(bins.map(({ pairs, right }) => [pairs, right])).toEqual([
      [1, 0],
      [1, 1],
      [1, 0],
      [3, 2],
    ]);
    expect(bins.at(-1)!.belief).toBeCloseTo((0.95 + 0.92 + 0.98) / 3, 12);
    // Two seeds' evaluators with the same four pairs each.
    expect(curves[0]!.bins.reduce((sum, { pairs }) => sum + pairs, 0)).toBe(8);
  });

  it("has nothing to say of older records", () => {
    const run = syntheticRun({ questions: 20 });
    expect(calibrationCurves(run)).toEqual([]);
    expect(describeCalibration(run)).toMatch(/no beliefs/);
  });
});

describe("confidenceOf", () => {
  it("sees every pair from the answer that was preferred", () => {
    const { bins } = calibrationCurves(believing())[1]!;
    const all = scores.flat();
    const confidence = confidenceOf(bins);
    expect(confidence.pairs).toBe(6);
    expect(confidence.sure).toBeCloseTo(all.reduce((sum, { score }) => sum + Math.max(score, 1 - score), 0) / 6, 12);
    expect(confidence.right).toBeCloseTo(all.filter(({ score, right }) => score > 0.5 === right).length / 6, 12);
    expect(confidence).toMatchObject({ timid: 2 / 6, rightTimid: 0, rightBold: 3 / 4 });
  });

  it("does not change when all pairs are shown the other way round", () => {
    const rows: readonly Row[] = [...scores.flat(), { score: 0.71, right: true }, { score: 0.33, right: true }];
    const mirrored = rows.map(({ score, right }) => ({ score: 1 - score, right: !right }));
    const bins = (all: readonly Row[]): readonly CalibrationBin[] =>
      calibrationOf(all)!.filter(({ pairs }) => pairs > 0);
    const [one, other] = [confidenceOf(bins(rows)), confidenceOf(bins(mirrored))];
    for (const key of ["sure", "right", "error", "timid", "rightTimid", "rightBold"] as const) {
      expect(other[key], key).toBeCloseTo(one[key]!, 12);
    }
  });

  it("has no error where beliefs are the truth, and half where sure beliefs are a coin's", () => {
    const bin = (belief: number, right: number): CalibrationBin => ({ pairs: 100, right, belief });
    expect(confidenceOf([bin(0.2, 20), bin(0.75, 75)])).toMatchObject({ error: 0, timid: 0, rightTimid: null });
    expect(confidenceOf([bin(0, 50), bin(1, 50)])).toMatchObject({ error: 0.5, sure: 1, right: 0.5 });
  });
});

describe("describeCalibration", () => {
  it("is a table of what confidenceOf says", () => {
    // By tenth, distance of belief and truth in pairs: 0.05, 0.55, 0.55 and 2.85 - 2, of 6.
    const row = describeCalibration(believing())
      .split("\n")
      .find((line) => line.startsWith("| ILR (evaluator)"))!;
    expect(
      row
        .split("|")
        .map((cell) => cell.trim())
        .slice(2, -1),
    ).toEqual(["81.7 %", "50.0 %", "+31.7", "33.3 %", "33.3 %", "0.0 %", "75.0 %"]);
  });
});

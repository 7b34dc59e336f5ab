import { describe, expect, it } from "vitest";
import type { RunRecord } from "../../kernel-lib/src/experiments/index.js";
import {
  armCurves,
  type CurvePoint,
  heldOutAccuracy,
  lastPoint,
  pairedBootstrap,
  pairedDifference,
  pairedTables,
  sftCurve,
} from "../../kernel-lib/src/results/index.js";
import { syntheticRun } from "./synthetic-run.js";

const bits = (...seeds: readonly [number, string][]): { correct: Map<number, string> } => ({ correct: new Map(seeds) });

describe("armCurves", () => {
  const run = syntheticRun({ seeds: [0, 1], questions: 400 });

  it("has every arm in the experiment's order, and rounds in ascending order", () => {
    const shuffled: RunRecord = { ...run, points: [...run.points].sort((a, b) => b.round - a.round) };
    const names = armCurves(run).map(({ arm }) => arm);
    expect(names).toEqual(["Weak supervisor", ...run.provenance.experiment.arms.map(({ name }) => name)]);
    for (const { points } of armCurves(shuffled)) {
      expect(points.map(({ round }) => round)).toEqual(points.map(({ round }) => round).sort());
    }
  });

  it("takes seeds together: the mean accuracy, the range of label accuracy, pooled comparisons", () => {
    const ofArm = run.points.filter(({ arm, round }) => arm === "ILR (evaluator)" && round === 3);
    const point = lastPoint(armCurves(run).find(({ arm }) => arm === "ILR (evaluator)")!);
    expect(point.seeds).toEqual([0, 1]);
    expect(point.accuracy.value).toBeCloseTo((ofArm[0]!.testAccuracy + ofArm[1]!.testAccuracy) / 2, 12);
    expect(point.labelAccuracy).toMatchObject({ low: ofArm[0]!.labelAccuracy, high: ofArm[1]!.labelAccuracy });
    expect(point.comparisonCount).toBe(800);
    expect(point.comparisons?.value).toBeCloseTo(0.5, 12);
    expect(point.kl!.high - point.kl!.low).toBeCloseTo((2 * 1.96 * 0.03) / Math.SQRT2, 12);
  });

  it("knows SFT, and the evaluator's accuracy on held-out pairs weighted by their number", () => {
    expect(sftCurve(run)?.arm).toBe("SFT");
    const [first, second] = run.evaluators;
    const uneven = {
      ...run,
      evaluators: [
        { ...first!, validationPairs: 100 },
        { ...second!, validationPairs: 300, validationAccuracy: 0.55 },
      ],
    };
    expect(heldOutAccuracy(uneven)?.value).toBeCloseTo(0.6, 12);
    expect(heldOutAccuracy({ ...run, evaluators: [] })).toBeNull();
  });
});

describe("pairedDifference", () => {
  it("has the width of the paired difference, not of two independent samples", () => {
    // 1000 questions: 30 only the first gets right, 10 only the second, the rest alike.
    const first = bits([0, `${"1".repeat(30)}${"0".repeat(10)}${"1".repeat(500)}${"0".repeat(460)}`]);
    const second = bits([0, `${"0".repeat(30)}${"1".repeat(10)}${"1".repeat(500)}${"0".repeat(460)}`]);
    const { value, low, high } = pairedDifference(first, second)!;
    expect(value).toBeCloseTo(0.02, 12);
    const half = 1.959964 * Math.sqrt((0.04 - 0.02 ** 2) / 1000);
    expect(Math.abs(high - low - 2 * half) / (2 * half)).toBeLessThan(0.06);
  });

  it("is the same the other way round, with the sign changed", () => {
    const curves = armCurves(syntheticRun({ seeds: [0, 1, 2], questions: 300 }));
    const [a, b] = [lastPoint(curves[3]!), lastPoint(curves[7]!)];
    const [forth, back] = [pairedDifference(a, b)!, pairedDifference(b, a)!];
    expect(back.value).toBeCloseTo(-forth.value, 12);
    expect(back.low).toBeCloseTo(-forth.high, 12);
    expect(back.high).toBeCloseTo(-forth.low, 12);
    const { value, low, high } = pairedDifference(a, a)!;
    expect([value, low + high]).toEqual([0, 0]);
    // 900 answers of which none differ: a share of disagreement of 4 / 900 would still be no surprise.
    expect(high).toBeLessThan(4 / 900);
  });

  it("pairs by seed, leaves out seeds that only one has, and refuses records of different length", () => {
    const one = bits([0, "1100"], [1, "1111"]);
    expect(pairedDifference(one, bits([1, "0000"]))).toMatchObject({ value: 1, high: 1 });
    expect(pairedTables(one, bits([1, "0000"]))).toEqual([
      { seed: 1, both: 0, onlyFirst: 4, onlySecond: 0, neither: 0 },
    ]);
    expect(pairedDifference(one, bits([2, "0000"]))).toBeNull();
    expect(() => pairedDifference(one, bits([0, "110"]))).toThrow(/seed 0 has records of 4 and of 3 questions/);
  });

  it("has a bootstrap beside it that agrees on one seed, and is shorter on three that differ", () => {
    const width = (interval: { low: number; high: number } | null): number => interval!.high - interval!.low;
    const [first, second] = ["ILR (oracle)", "SFT"].map((arm) => (seeds: readonly number[]) => {
      const run = syntheticRun({ seeds, questions: 500, accuracy: { SFT: 0.5 } });
      return lastPoint(armCurves(run).find((curve) => curve.arm === arm)!);
    }) as [(seeds: readonly number[]) => CurvePoint, (seeds: readonly number[]) => CurvePoint];
    const one = [first([0]), second([0])] as const;
    expect(width(pairedBootstrap(...one)) / width(pairedDifference(...one))).toBeCloseTo(1, 1);
    const three = [first([0, 1, 2]), second([0, 1, 2])] as const;
    expect(pairedBootstrap(...three)!.value).toBeCloseTo(pairedDifference(...three)!.value, 12);
    expect(width(pairedBootstrap(...three))).toBeLessThan(width(pairedDifference(...three)));
    expect(pairedBootstrap(first([0]), second([1]))).toBeNull();
  });
});

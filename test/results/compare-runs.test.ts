import { describe, expect, it } from "vitest";
import type { Point, RunRecord } from "../../kernel-lib/src/experiments/index.js";
import { accuracyByRound } from "../../kernel-lib/src/figures/index.js";
import { armCurves, compareRuns, pairedDifference, sftCurve } from "../../kernel-lib/src/results/index.js";
import { syntheticRun } from "./synthetic-run.js";

const usual = syntheticRun();

/** The same run, with the points of one arm changed. */
function changed(arm: string, change: (point: Point) => Point): RunRecord {
  return { ...usual, points: usual.points.map((point) => (point.arm === arm ? change(point) : point)) };
}

const flip = (bits: string): string => bits.replace(/[01]/g, (bit) => (bit === "1" ? "0" : "1"));
const arm = usual.points.find(({ method }) => method === "ilr")!.arm;
const other = changed(arm, (point) => ({
  ...point,
  correct: flip(point.correct),
  testAccuracy: 1 - point.testAccuracy,
}));

describe("compareRuns", () => {
  it("has an arm that came out the same once, and one that did not once a run", () => {
    const both = compareRuns({ before: usual, after: other });
    const names = armCurves(both).map((curve) => curve.arm);
    const untouched = armCurves(usual)
      .map((curve) => curve.arm)
      .filter((name) => name !== arm);
    expect([...names].sort()).toEqual([...untouched, `${arm}, before`, `${arm}, after`].sort());
    expect(new Set(names).size).toBe(names.length);
  });

  it("keeps what each run measured", () => {
    const both = compareRuns({ before: usual, after: other });
    const points = (run: RunRecord, name: string): unknown =>
      run.points.filter((point) => point.arm === name).map(({ arm: _, ...rest }) => rest);
    expect(points(both, `${arm}, before`)).toEqual(points(usual, arm));
    expect(points(both, `${arm}, after`)).toEqual(points(other, arm));
    const last = (name: string) =>
      armCurves(both)
        .find((curve) => curve.arm === name)!
        .points.at(-1)!;
    const difference = pairedDifference(last(`${arm}, after`), last(`${arm}, before`))!;
    expect(difference.value).toBeCloseTo(
      last(`${arm}, after`).accuracy.value - last(`${arm}, before`).accuracy.value,
      10,
    );
  });

  it("holds each arm against the SFT of its own run", () => {
    const sft = usual.points.find(({ method }) => method === "sft")!.arm;
    const worse = changed(sft, (point) => ({
      ...point,
      correct: flip(point.correct),
      testAccuracy: 1 - point.testAccuracy,
    }));
    const moved = {
      ...worse,
      points: worse.points.map((point) => (point.arm === arm ? { ...point, correct: flip(point.correct) } : point)),
    };
    const both = compareRuns({ before: usual, after: moved });
    for (const name of ["before", "after"]) expect(sftCurve(both, `${arm}, ${name}`)!.arm).toBe(`${sft}, ${name}`);
    const figure = accuracyByRound(both);
    const starts = (name: string): unknown =>
      figure.data.find(
        (trace) => trace.legendgroup === name && (trace.x as number[])[0] === 0 && trace.showlegend === false,
      )?.y;
    for (const name of ["before", "after"]) {
      const level = 100 * sftCurve(both, `${arm}, ${name}`)!.points[0]!.accuracy.value;
      expect((starts(`${arm}, ${name}`) as number[])[0]).toBeCloseTo(level, 9);
    }
  });

  it("describes the arms under their new names, and adds up where the numbers come from", () => {
    const both = compareRuns({ before: usual, after: other });
    for (const curve of armCurves(both)) {
      if (curve.method !== "weak") expect(curve.description?.name).toBe(curve.arm);
    }
    expect(both.provenance.counts.executed).toBe(2 * usual.provenance.counts.executed);
    expect(both.provenance.keys).toEqual([...usual.provenance.keys].sort());
  });

  it("of a run with itself, or of one alone, is that run", () => {
    for (const runs of [{ a: usual }, { a: usual, b: usual }]) {
      expect(
        armCurves(compareRuns(runs))
          .map((curve) => curve.arm)
          .sort(),
      ).toEqual(
        armCurves(usual)
          .map((curve) => curve.arm)
          .sort(),
      );
    }
  });

  it("refuses runs that answered different questions, and none", () => {
    const shorter = { ...usual, points: usual.points.map((point) => ({ ...point, testCount: 7 })) };
    expect(() => compareRuns({ a: usual, b: shorter })).toThrow(/"b" on 7 questions/);
    expect(() => compareRuns({})).toThrow("no runs");
  });
});

import { describe, expect, it } from "vitest";
import {
  accuracyByRound,
  comparisonAccuracy,
  figureToSvg,
  gainByArm,
  gainByKl,
  labelAccuracy,
  mainFigure,
  methodName,
  namedMethods,
} from "../../kernel-lib/src/figures/index.js";
import {
  armCurves,
  lastPoint,
  pairedDifference,
  sftCurve,
  wilsonInterval,
} from "../../kernel-lib/src/results/index.js";
import { syntheticRun } from "../results/synthetic-run.js";
import { curveOf, intervalsOf, legendOf as legend } from "./reading.js";
import { betaSweep } from "./synthetic-studies.js";

const run = syntheticRun({ seeds: [0, 1], questions: 400 });
const arms = armCurves(run).map(({ arm }) => arm);
const ilr = ["ILR (evaluator)", "ILR (noisy oracle 0.75)", "ILR (oracle)", "Naive ILR"];

describe("the arms of the main experiment", () => {
  it("all have a look of their own", () => {
    for (const arm of arms) expect(namedMethods).toContain(arm);
  });
});

describe("accuracyByRound", () => {
  const figure = accuracyByRound(run);

  it("has every arm once in its legend, its accuracy in %, and bars that reach SFT's line where it may be no better", () => {
    expect(legend(figure)).toEqual(expect.arrayContaining(arms));
    expect(legend(figure)).toHaveLength(arms.length);
    const sft = lastPoint(sftCurve(run)!);
    for (const { arm, points } of armCurves(run)) {
      const intervals = intervalsOf(curveOf(figure, arm));
      expect(intervals).toHaveLength(points.length);
      for (const [i, point] of points.entries()) {
        const [value, low, high] = intervals[i]!;
        expect(value).toBeCloseTo(100 * point.accuracy.value, 9);
        const level = 100 * sft.accuracy.value;
        const difference = point === sft ? point.accuracy : pairedDifference(point, sft)!;
        expect(low).toBeCloseTo(100 * difference.low + (point === sft ? 0 : level), 9);
        expect(high).toBeCloseTo(100 * difference.high + (point === sft ? 0 : level), 9);
      }
    }
  });

  it("says what its bars are, also without SFT", () => {
    expect(JSON.stringify(figure.layout!.title)).toContain(
      "95 % intervals, of SFT's accuracy and of differences to it",
    );
    const bare = accuracyByRound(syntheticRun({ questions: 50, arms: ["Naive ILR"] }));
    expect(JSON.stringify(bare.layout!.title)).toMatch(/bars: 95 % intervals"/);
    const { accuracy } = armCurves(syntheticRun({ questions: 50, arms: ["Naive ILR"] }))[0]!.points[0]!;
    expect(intervalsOf(curveOf(bare, "Naive ILR"))[0]![1]).toBeCloseTo(100 * accuracy.low, 9);
  });

  it("puts no two points of a round at the same x, and all of them nearest to their round", () => {
    const xs = arms.flatMap((arm) => curveOf(figure, arm).x as number[]);
    expect(new Set(xs.map((x) => x.toFixed(4))).size).toBe(xs.length);
    for (const arm of ilr) expect((curveOf(figure, arm).x as number[]).map(Math.round)).toEqual([1, 2, 3]);
  });

  it("leads every curve away from SFT, and draws references from edge to edge", () => {
    const sft = 100 * lastPoint(sftCurve(run)!).accuracy.value;
    for (const arm of ["ILR (oracle)", "DPO (evaluator)"]) {
      const start = figure.data.find(({ name, showlegend }) => name === arm && showlegend === false)!;
      expect([(start.x as number[])[0], (start.y as number[])[0]]).toEqual([0, sft]);
    }
    const across = figure.data.find(({ name, showlegend }) => name === "SFT on ground truth" && showlegend === false)!;
    expect(across.x).toEqual([-0.4, 3.4]);
  });

  it("goes without SFT and without references", () => {
    const bare = accuracyByRound(syntheticRun({ questions: 50, arms: ["Naive ILR"] }));
    expect(bare.data.map(({ name }) => name)).toEqual(["Naive ILR"]);
  });
});

describe("labelAccuracy", () => {
  it("has ILR's arms and the weak labels that they start with", () => {
    const figure = labelAccuracy(run);
    expect(legend(figure)).toEqual(["Weak supervisor", ...ilr]);
    const [value, low, high] = intervalsOf(curveOf(figure, "Weak supervisor"))[0]!;
    [value, low, high].forEach((share, i) => {
      expect(share).toBeCloseTo([51.5, 51, 52][i]!, 9);
    });
    const points = armCurves(run).find(({ arm }) => arm === "ILR (oracle)")!.points;
    const drawn = intervalsOf(curveOf(figure, "ILR (oracle)"));
    points.forEach(({ labelAccuracy }, i) => {
      expect(drawn[i]![0]).toBeCloseTo(100 * labelAccuracy!.value, 9);
    });
  });
});

describe("mainFigure", () => {
  it("has both halves, one legend, and can be drawn", () => {
    const figure = mainFigure(run);
    expect(legend(figure)).toHaveLength(arms.length);
    expect(figure.data.filter(({ xaxis }) => xaxis === "x2")).toHaveLength(labelAccuracy(run).data.length);
    const svg = figureToSvg(figure);
    for (const arm of arms) expect(svg.split(`>${arm}<`), arm).toHaveLength(2);
  });
});

describe("comparisonAccuracy", () => {
  it("holds held-out pairs, pairs met and chance against each other", () => {
    const figure = comparisonAccuracy(run);
    const judged = arms.filter((arm) => /^(ILR|DPO)/.test(arm));
    expect(legend(figure)).toEqual(["Chance", "Evaluator, held-out pairs", ...judged]);
    expect(figure.data[0]!.y).toEqual([50, 50]);
    const [band, line] = figure.data.filter(({ name }) => name === "Evaluator, held-out pairs");
    expect([line!.x, line!.y]).toEqual([figure.data[0]!.x, [75, 75]]);
    const [low, high] = [Math.min(...(band!.y as number[])), Math.max(...(band!.y as number[]))];
    const { low: from, high: to } = wilsonInterval(0.75, 2 * 380);
    expect([low, high]).toEqual([expect.closeTo(100 * from, 9), expect.closeTo(100 * to, 9)]);
    const met = curveOf(figure, "ILR (evaluator)").y as number[];
    [54, 52, 50].forEach((share, i) => {
      expect(met[i]).toBeCloseTo(share, 9);
    });
  });
});

describe("gainByKl", () => {
  it("has the paired gain of every arm that moved, over how far it moved, with intervals both ways", () => {
    const figure = gainByKl(run);
    expect(legend(figure)).toEqual(arms.filter((arm) => /ILR|DPO/.test(arm)));
    const curve = armCurves(run).find(({ arm }) => arm === "DPO (oracle)")!;
    const gain = pairedDifference(lastPoint(curve), lastPoint(sftCurve(run)!))!;
    const [value, low, high] = intervalsOf(curveOf(figure, "DPO (oracle)"))[2]!;
    [gain.value, gain.low, gain.high].forEach((share, i) => {
      expect([value, low, high][i]).toBeCloseTo(100 * share, 9);
    });
    expect(curveOf(figure, "DPO (oracle)").x).toEqual(curve.points.map(({ kl }) => kl!.value));
    const along = intervalsOf(curveOf(figure, "DPO (oracle)", "x"), "x");
    for (const [i, { kl }] of curve.points.entries()) {
      expect(along[i]).toEqual([kl!.value, expect.closeTo(kl!.low, 12), expect.closeTo(kl!.high, 12)]);
      expect(along[i]![1]).toBeGreaterThan(0.005);
    }
  });

  it("says so when an estimate is too small for its axis", () => {
    const tiny = { ...run, points: run.points.map((point) => ({ ...point, kl: point.kl === null ? null : -0.01 })) };
    const figure = gainByKl(tiny);
    expect(curveOf(figure, "DPO (oracle)").x).toEqual([0.005, 0.005, 0.005]);
    for (const end of intervalsOf(curveOf(figure, "DPO (oracle)", "x"), "x").flat()) {
      expect(end).toBeGreaterThanOrEqual(0.005);
    }
    expect(JSON.stringify(figure.layout)).toContain("below 0.005 drawn at 0.005");
  });

  it("says in its legend what colours and markers mean where beta is swept", () => {
    const sweep = betaSweep();
    const figure = gainByKl(sweep);
    const sources = ["DPO (evaluator)", "DPO (noisy oracle 0.75)", "DPO (oracle)"];
    expect(legend(figure)).toEqual([...sources, ...[0.01, 0.03, 0.1, 0.3, 1].map((beta) => `beta ${beta}`)]);
    const keys = new Map(figure.data.slice(-8).map((trace) => [trace.name, trace]));
    for (const { name, beta, comparisons, method } of sweep.provenance.experiment.arms) {
      if (method !== "dpo") continue;
      const { color, symbol } = curveOf(figure, name).marker as { color: string; symbol: string };
      expect((keys.get(`beta ${beta}`)!.marker as { symbol: string }).symbol).toBe(symbol);
      expect((keys.get(methodName({ method, comparisons }))!.line as { color: string }).color).toBe(color);
    }
  });
});

describe("gainByArm", () => {
  it("has one interval an arm, that of its last paired difference to SFT, and none for SFT", () => {
    const { data, layout } = gainByArm(run);
    const traces = data.filter(({ error_x }) => error_x !== undefined);
    expect(traces.map(({ name }) => name)).toEqual(arms.filter((arm) => arm !== "SFT"));
    const sft = lastPoint(sftCurve(run)!);
    for (const { name, x, y, error_x } of traces) {
      const curve = armCurves(run).find(({ arm }) => arm === name)!;
      const { value, low, high } = pairedDifference(lastPoint(curve), sft)!;
      const { array, arrayminus } = error_x as { array: number[]; arrayminus: number[] };
      const [at] = x as number[];
      expect([at, at! - arrayminus[0]!, at! + array[0]!].map((points) => points!.toFixed(6))).toEqual(
        [value, low, high].map((share) => (100 * share).toFixed(6)),
      );
      const { ticktext } = layout!.yaxis as { ticktext: string[] };
      expect(ticktext[(y as number[])[0]!]).toMatch(new RegExp(`^${name!.toString().replace(/[()]/g, "\\$&")}`));
    }
    expect(figureToSvg(gainByArm(run))).toContain("Naive ILR, round 3");
  });
});

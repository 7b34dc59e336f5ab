import { describe, expect, it } from "vitest";
import type { LabError } from "../../kernel-lib/src/core/index.js";
import { presets, type RunRecord } from "../../kernel-lib/src/experiments/index.js";
import {
  dpoOverBeta,
  type Figure,
  figure4,
  figuresByName,
  humanStudy,
  labelAccuracy,
  labelChanges,
  methodStyle,
  naiveAblation,
  supervisionQuality,
  type Trace,
} from "../../kernel-lib/src/figures/index.js";
import {
  armCurves,
  differenceInterval,
  labelsFrame,
  lastPoint,
  pairedDifference,
  pairedTable,
  sftCurve,
  shareInterval,
} from "../../kernel-lib/src/results/index.js";
import { syntheticRun } from "../results/synthetic-run.js";
import { curveOf, intervalsOf, legendOf } from "./reading.js";
import { betaSweep, humanRun, oracleRun, otherTask } from "./synthetic-studies.js";

const main = syntheticRun({ seeds: [0, 1], questions: 400 });
const sweep = betaSweep();

/** Test accuracy of an arm in a round, in %, with the interval that is drawn: of its difference to SFT, of SFT's own accuracy. */
function accuracyOf({ points }: RunRecord, arm: string, round: number): readonly number[] {
  const own = points.filter((point) => point.arm === arm && point.round === round);
  const { value, low, high } = shareInterval(
    own.map(({ correct }) => ({ right: correct.split("1").length - 1, count: correct.length })),
  );
  if (arm === "SFT") return [value, low, high].map((share) => 100 * share);
  const bitsOfSft = (seed: number): string =>
    points.find((point) => point.arm === "SFT" && point.seed === seed)!.correct;
  const difference = differenceInterval(own.map(({ seed, correct }) => pairedTable(seed, correct, bitsOfSft(seed))));
  const ends = [difference.low, difference.high].map((end) => value + end - difference.value);
  return [value, ...ends].map((share) => 100 * share);
}

const close = (numbers: readonly number[]): readonly number[] =>
  numbers.map((number) => expect.closeTo(number, 9) as unknown as number);

/** What a figure says of a run without the arms. */
function refusal(draw: () => Figure): LabError {
  try {
    draw();
  } catch (error) {
    return error as LabError;
  }
  throw new Error("it was drawn");
}

describe("dpoOverBeta", () => {
  const sources = ["DPO (evaluator)", "DPO (noisy oracle 0.75)", "DPO (oracle)"];
  const betas = [0.01, 0.03, 0.1, 0.3, 1];

  it.each([1, 2, undefined])("has each source's accuracy at each beta, in round %s", (round) => {
    const figure = dpoOverBeta(sweep, round === undefined ? {} : { round });
    expect(legendOf(figure)).toEqual(["SFT", ...sources]);
    for (const source of sources) {
      const drawn = intervalsOf(curveOf(figure, source));
      expect(drawn).toHaveLength(betas.length);
      for (const [i, beta] of betas.entries()) {
        const arm = `${source.slice(0, -1)}, beta ${beta})`;
        expect(drawn[i]).toEqual(close(accuracyOf(sweep, arm, round ?? 3)));
      }
    }
  });

  it("puts sources side by side, each nearest to its beta on the axis", () => {
    const xs = sources.map((source) => curveOf(dpoOverBeta(sweep), source).x as number[]);
    expect(new Set(xs.flat()).size).toBe(15);
    const nearest = (x: number): number =>
      betas.reduce((a, b) => (Math.abs(Math.log(x / a)) < Math.abs(Math.log(x / b)) ? a : b));
    for (const x of xs) expect(x.map(nearest)).toEqual(betas);
  });

  it("has SFT as a line from edge to edge, which the others' bars are about", () => {
    const { data, layout } = dpoOverBeta(sweep);
    const [line] = data as readonly [Trace];
    const [value] = accuracyOf(sweep, "SFT", 0);
    expect(line.y).toEqual(close([value!, value!]));
    expect(JSON.stringify(layout!.title)).toContain("of the difference to SFT");
    const { range } = layout!.xaxis as unknown as { range: readonly number[] };
    expect((line.x as number[]).map(Math.log10)).toEqual(close(range));
  });

  it("draws arms that change something else as curves of their own, and takes beta from the recipe where an arm has none", () => {
    const { experiment } = sweep.provenance;
    const arms = experiment.arms.map((arm, i) => {
      const { beta: _, ...plain } = arm;
      return arm.name.includes("evaluator, beta 0.1)")
        ? plain
        : arm.comparisons === "oracle"
          ? { ...arm, lr: i > 6 ? 1e-5 : 1e-6 }
          : arm;
    });
    const changed = { ...sweep, provenance: { ...sweep.provenance, experiment: { ...experiment, arms } } };
    expect(experiment.recipe.dpo.beta).toBe(0.1);
    const figure = dpoOverBeta(changed);
    const rest = ["DPO (oracle), lr 0.000001", "DPO (oracle), lr 0.00001"];
    expect(legendOf(figure)).toEqual(["SFT", ...sources.slice(0, 2), ...rest]);
    expect(curveOf(figure, sources[0]!).y).toEqual(curveOf(dpoOverBeta(sweep), sources[0]!).y);
  });

  it("names a preset that has a sweep to a run without one", () => {
    const { code, hint } = refusal(() => dpoOverBeta(main));
    expect([code, hint]).toEqual(["input-missing", 'run one that has: await lab.run("micro-math/beta-sweep")']);
    expect(refusal(() => dpoOverBeta(sweep, { round: 9 })).message).toContain("in round 9");
  });
});

describe("labelChanges", () => {
  it("has what the frame of labels says: fixed up, broken down, net marked", () => {
    const figure = labelChanges(main);
    const rows = labelsFrame(main).objects() as {
      arm: string;
      round: number;
      fixed: number;
      broken: number;
      net: number;
    }[];
    const [net] = figure.data.filter(({ name }) => name === "net");
    for (const { arm, round, fixed, broken, net: balance } of rows) {
      const [up, down] = figure.data.filter(({ name }) => name === arm) as [Trace, Trace];
      expect([(up.y as number[])[round - 1], (down.y as number[])[round - 1]]).toEqual([fixed, -broken]);
      const at = (net!.x as number[]).indexOf((up.x as number[])[round - 1]!);
      expect((net!.y as number[])[at]).toBe(balance);
      expect(Math.round((up.x as number[])[round - 1]!)).toBe(round);
    }
    expect(figure.data.filter(({ type }) => type === "bar")).toHaveLength(2 * 4 + 2);
  });

  it("has the range of the net effect over seeds", () => {
    const points = main.points.map((point) =>
      point.arm === "Naive ILR" && point.round === 2
        ? { ...point, fixed: 50, broken: point.seed === 0 ? 10 : 80 }
        : point,
    );
    const [net] = labelChanges({ ...main, points }).data.filter(({ name }) => name === "net");
    expect(intervalsOf(net!)).toContainEqual([5, -30, 40]);
  });

  it("refuses a run whose labels nobody can judge", () => {
    const points = main.points.map((point) => ({ ...point, labelAccuracy: null, fixed: null, broken: null }));
    for (const draw of [labelChanges, labelAccuracy]) {
      expect(refusal(() => draw({ ...main, points }))).toMatchObject({
        code: "input-missing",
        hint: expect.stringContaining("micro-math/"),
      });
    }
  });
});

describe("naiveAblation", () => {
  it("has the paired gains of ILR's arms over SFT, and their labels beside", () => {
    const figure = naiveAblation(main);
    const sft = lastPoint(sftCurve(main)!);
    const arms = ["ILR (evaluator)", "ILR (noisy oracle 0.75)", "ILR (oracle)", "Naive ILR"];
    expect(legendOf(figure).filter((name) => arms.includes(name))).toEqual(arms);
    for (const { arm, points } of armCurves(main).filter((curve) => arms.includes(curve.arm))) {
      const [gains, labels] = figure.data.filter(({ name, error_y }) => name === arm && error_y) as [Trace, Trace];
      const expected = points.map((point) => pairedDifference(point, sft)!);
      expect(intervalsOf(gains)).toEqual(
        expected.map(({ value, low, high }) => close([100 * value, 100 * low, 100 * high])),
      );
      expect(labels.xaxis).toBe("x2");
      expect(labels.y).toEqual(close(points.map(({ labelAccuracy: share }) => 100 * share!.value)));
    }
  });

  it("needs both ILR and naive ILR", () => {
    for (const arms of [
      ["SFT", "ILR (oracle)"],
      ["SFT", "Naive ILR"],
      ["ILR (oracle)", "Naive ILR"],
    ]) {
      const run = syntheticRun({ questions: 50, arms });
      expect(refusal(() => naiveAblation(run)).hint).toContain("micro-math/");
    }
  });
});

describe("supervisionQuality", () => {
  const [ora, corora] = [oracleRun("ora"), oracleRun("corora")];
  const ticksOf = ({ layout }: Figure): readonly string[] =>
    (layout!.xaxis as unknown as { ticktext: string[] }).ticktext;

  it("has each condition from the worst to the best, with the methods' last rounds", () => {
    const figure = supervisionQuality([corora, main]);
    expect(ticksOf(figure)).toEqual([
      "weak<br>(52 %)<br>evaluator",
      "weak<br>(52 %)<br>noisy 0.75",
      "weak<br>(52 %)<br>oracle",
      "correct<br>(100 %)<br>oracle",
    ]);
    const at = (name: string, condition: number): readonly number[] => {
      const trace = curveOf(figure, name);
      const i = (trace.x as number[]).findIndex((x) => Math.round(x) === condition);
      return intervalsOf(trace)[i]!;
    };
    expect(at("ILR (evaluator)", 0)).toEqual(close(accuracyOf(main, "ILR (evaluator)", 3)));
    expect(at("DPO (noisy oracle 0.75)", 1)).toEqual(close(accuracyOf(main, "DPO (noisy oracle 0.75)", 3)));
    for (const [condition, run] of [main, main, main, corora].entries()) {
      expect(at("SFT", condition)).toEqual(close(accuracyOf(run, "SFT", 0)));
    }
    for (const name of ["ILR (oracle)", "DPO (oracle)"]) {
      expect(at(name, 2)).toEqual(close(accuracyOf(main, name, 3)));
      expect(at(name, 3)).toEqual(close(accuracyOf(corora, name, 3)));
    }
  });

  it("leaves variants out, and takes a condition from the run with the most seeds", () => {
    expect(legendOf(supervisionQuality([main]))).not.toContain("DPO (evaluator, as released)");
    const three = syntheticRun({ seeds: [0, 1, 2], questions: 400 });
    const figure = supervisionQuality([ora, three]);
    expect(ticksOf(figure)).toHaveLength(3);
    const { x } = curveOf(figure, "ILR (oracle)");
    expect(intervalsOf(curveOf(figure, "ILR (oracle)"))).toEqual([close(accuracyOf(three, "ILR (oracle)", 3))]);
    expect(x).toHaveLength(1);
  });

  it("needs SFT to hold the others against", () => {
    const run = syntheticRun({ questions: 50, arms: ["ILR (oracle)"] });
    expect(refusal(() => supervisionQuality([run]))).toMatchObject({ code: "input-missing" });
  });
});

describe("figure4", () => {
  const runs = { "micro-math": main, "micro-sql": otherTask("micro-sql") };

  it("has a panel a task, with its accuracies, and one legend", () => {
    const figure = figure4(runs);
    const arms = ["SFT", "ILR (evaluator)", "DPO (evaluator)", "DPO (evaluator, as released)"];
    expect(legendOf(figure)).toEqual(arms);
    const titles = figure.layout!.annotations as unknown as { text: string }[];
    expect(titles.map(({ text }) => text)).toEqual(Object.keys(runs));
    for (const [i, run] of Object.values(runs).entries()) {
      const panel = { data: figure.data.filter(({ xaxis = "x" }) => xaxis === (i === 0 ? "x" : `x${i + 1}`)) };
      for (const arm of arms.slice(1)) {
        expect(intervalsOf(curveOf(panel, arm))).toEqual([1, 2, 3].map((round) => close(accuracyOf(run, arm, round))));
      }
    }
  });

  it("needs ILR and DPO in every run", () => {
    const only = syntheticRun({ questions: 50, arms: ["SFT", "ILR (evaluator)"] });
    expect(refusal(() => figure4({ ...runs, only }))).toMatchObject({ code: "input-missing" });
  });
});

describe("humanStudy", () => {
  it("has people's arms against SFT", () => {
    const run = humanRun();
    const figure = humanStudy(run);
    expect(legendOf(figure)).toEqual(["Weak supervisor", "SFT", "ILR (human)", "DPO (human)"]);
    expect(intervalsOf(curveOf(figure, "ILR (human)"))[2]).toEqual(close(accuracyOf(run, "ILR (human)", 3)));
  });

  it("refuses a run in which nobody compared", () => {
    expect(refusal(() => humanStudy(main))).toMatchObject({
      code: "input-missing",
      message: "this figure shows arms whose comparisons people made, and the run micro-math/main has none",
      hint: 'run one that has: await lab.run("micro-math/human")',
    });
  });
});

describe("every figure that a name stands for", () => {
  const empty = syntheticRun({ questions: 50, arms: ["SFT"] });

  it.each(Object.keys(figuresByName))("%s is no empty picture of a run without its arms", (name) => {
    if (name === "main" || name === "accuracy-by-round") {
      expect(figuresByName[name](empty).data.map((trace) => trace.name)).toContain("SFT");
      return;
    }
    const { code, hint } = refusal(() => figuresByName[name as "main"](empty));
    expect(code).toBe("input-missing");
    expect(presets.has(/lab\.run\("(.+)"\)/.exec(hint ?? "")![1]!)).toBe(true);
  });

  it("has the methods' own colours", () => {
    for (const figure of [figure4({ main }), naiveAblation(main), supervisionQuality([main]), dpoOverBeta(sweep)]) {
      for (const name of legendOf(figure)) {
        const shown = figure.data.filter((trace) => trace.name === name && trace.marker);
        for (const { marker } of shown) expect((marker as { color: string }).color).toBe(methodStyle(name).color);
      }
    }
  });
});

import { describe, expect, it } from "vitest";
import { describeVerdicts, outcomeOf, type Verdict, verdicts } from "../../kernel-lib/src/results/index.js";
import { type SyntheticOptions, syntheticRun } from "./synthetic-run.js";

const read = (options: SyntheticOptions): Record<string, Verdict> =>
  Object.fromEntries(verdicts(syntheticRun(options)).map((verdict) => [verdict.claim, verdict]));

describe("outcomeOf", () => {
  it.each([
    ["positive", 0.01, 0.03, "holds"],
    ["positive", -0.01, 0.03, "inconclusive"],
    ["positive", -0.03, -0.01, "contradicted"],
    ["negative", -0.03, -0.01, "holds"],
    ["negative", -0.01, 0.03, "inconclusive"],
    ["negative", 0.01, 0.03, "contradicted"],
    ["no-gain", -0.03, 0.01, "holds"],
    ["no-gain", -0.03, -0.01, "holds"],
    ["no-gain", -0.01, 0.03, "inconclusive"],
    ["no-gain", 0.005, 0.01, "contradicted"],
  ] as const)("%s, [%d, %d]: %s", (expects, low, high, outcome) => {
    expect(outcomeOf(expects, { value: (low + high) / 2, low, high }, 0.02)).toBe(outcome);
  });
});

describe("verdicts", () => {
  it("come out as in the paper where the data do", () => {
    const claims = read({ accuracy: { "ILR (evaluator)": 0.62, "DPO (evaluator)": 0.55, "Naive ILR": 0.53 } });
    expect(Object.values(claims).map(({ outcome }) => outcome)).toEqual(Array(5).fill("holds"));
    expect(claims.C3!.readings[0]!.compares).toBe("ILR (evaluator) - DPO (evaluator), round 3");
    expect(claims.C1!.readings[0]!.compares).toBe("SFT - Weak supervisor");
  });

  it("say so where the data contradict the paper", () => {
    const accuracy = {
      "Weak supervisor": 0.62,
      "ILR (evaluator)": 0.53,
      "DPO (evaluator)": 0.63,
      "Naive ILR": 0.62,
      "DPO (oracle)": 0.52,
    };
    const claims = read({ accuracy });
    expect(Object.values(claims).map(({ outcome }) => outcome)).toEqual(Array(5).fill("contradicted"));
  });

  it("stay inconclusive where the interval is too wide", () => {
    // Against SFT every arm has three questions more and three others fewer, of 60.
    const run = syntheticRun({ questions: 60 });
    const arms = [...new Set(run.points.map(({ arm }) => arm))].filter((arm) => arm !== "SFT");
    const points = run.points.map((point) => {
      const at = 6 * (arms.indexOf(point.arm) % 5);
      const flips = point.arm === "SFT" ? "" : "10".repeat(3);
      return {
        ...point,
        correct: `${"01".repeat(30).slice(0, at)}${flips}${"01".repeat(30).slice(at + flips.length)}`,
      };
    });
    const outcomes = verdicts({ ...run, points }).map(({ outcome }) => outcome);
    expect(outcomes).toEqual(Array(5).fill("inconclusive"));
  });

  it("take the trained evaluator as described for the verdict, and list the other sources after it", () => {
    const [first, ...others] = read({}).C2!.readings.map(({ compares }) => compares);
    expect(first).toBe("DPO (evaluator) - SFT, round 3");
    expect(others).toEqual(["DPO (evaluator, as released) - SFT, round 3", "DPO (noisy oracle 0.75) - SFT, round 3"]);
  });

  it("fall back on a synthetic source, and do not judge what was not run", () => {
    const claims = read({ questions: 200, arms: ["SFT", "ILR (noisy oracle 0.75)", "DPO (noisy oracle 0.75)"] });
    expect(claims.C3!.readings[0]!.compares).toContain("noisy oracle");
    expect(claims.C1!.outcome).toBe("not tested");
    expect(claims.C4!.outcome).toBe("not tested");
    expect(claims.C5!.outcome).toBe("not tested");
  });

  it("compare at the last round that both arms have", () => {
    const run = syntheticRun({ questions: 200 });
    const points = run.points.filter(({ arm, round }) => arm !== "DPO (evaluator)" || round < 3);
    const c3 = verdicts({ ...run, points }).find(({ claim }) => claim === "C3")!;
    expect(c3.readings[0]!.compares).toBe("ILR (evaluator) - DPO (evaluator), round 2");
  });

  it("read as sentences with signs and intervals", () => {
    const text = describeVerdicts(verdicts(syntheticRun({ accuracy: { "DPO (evaluator)": 0.5 } })));
    expect(text).toMatch(/\*\*C1: holds\.\*\* .*SFT - Weak supervisor: \+\d\.\d points \[\+\d\.\d, \+\d\.\d\]/);
    expect(text).toMatch(/DPO \(evaluator\) - SFT, round 3: −\d\.\d points \[−\d\.\d, −\d\.\d\]/);
    expect(text).toContain("- also: DPO (noisy oracle 0.75) - SFT, round 3");
  });
});

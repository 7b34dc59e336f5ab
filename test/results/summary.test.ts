import { describe, expect, it } from "vitest";
import {
  armCurves,
  describeEvaluator,
  describeIntervals,
  describeLabels,
  describeProvenance,
  lastPoint,
  pairedDifference,
  summaryTable,
} from "../../kernel-lib/src/results/index.js";
import { syntheticRun } from "./synthetic-run.js";

const run = syntheticRun({ questions: 400 });

describe("summaryTable", () => {
  it("has a line for every arm and aligned columns", () => {
    const lines = summaryTable(run).split("\n");
    const table = lines.slice(0, lines.indexOf(""));
    expect(table).toHaveLength(2 + 11);
    expect(new Set(table.map(({ length }) => length)).size).toBe(1);
    expect(table[0]).toMatch(/^arm +round 0 +round 1 +round 2 +round 3 +labels +KL +held-out +met$/);
    const sft = run.points.find(({ arm }) => arm === "SFT")!;
    expect(table.find((line) => line.startsWith("SFT "))).toMatch(
      new RegExp(`^SFT +${(100 * sft.testAccuracy).toFixed(1)} ± [45]\\.\\d +$`),
    );
    expect(table.find((line) => line.startsWith("ILR (evaluator)"))).toMatch(/52\.5 +1\.15 +75\.0 +50\.0$/);
    // What is no better than SFT by its paired interval is within its ± of SFT.
    const curves = armCurves(run);
    const [sftPoint, ilr] = ["SFT", "ILR (oracle)"].map((arm) => lastPoint(curves.find((curve) => curve.arm === arm)!));
    const { low, high } = pairedDifference(ilr!, sftPoint!)!;
    const cell = `${(100 * ilr!.accuracy.value).toFixed(1)} ± ${(50 * (high - low)).toFixed(1)}`;
    expect(table.find((line) => line.startsWith("ILR (oracle)"))).toContain(cell);
  });

  it("says what its intervals cover", () => {
    expect(summaryTable(run)).toContain("400 questions; seed 0 only");
    expect(summaryTable(syntheticRun({ questions: 50, seeds: [0, 1] }))).toContain("2 seeds, by Student's t over them");
  });

  it("is Markdown on request, with the same cells", () => {
    const lines = summaryTable(run, "markdown").split("\n");
    const table = lines.slice(0, lines.indexOf(""));
    expect(table).toHaveLength(2 + 11);
    expect(table[1]).toMatch(/^\|-+\|(-+:\|){8}$/);
    for (const line of table) expect(line.match(/\|/g)).toHaveLength(10);
  });
});

describe("descriptions", () => {
  it("count labels over all rounds of an arm", () => {
    expect(describeLabels(run)).toContain(
      "**ILR (evaluator)** replaced 900 labels, made 240 right and 90 wrong in 3 rounds: correct labels went from 51.0 % to 52.5 %",
    );
  });

  it("hold the evaluator's pairs apart", () => {
    expect(describeEvaluator(run)).toContain("kept back from its training: 75.0 %");
    expect(describeEvaluator(run)).toContain("**DPO (evaluator)** showed it, round by round: 54.0 %, 52.0 %, 50.0 %");
    expect(describeEvaluator(syntheticRun({ questions: 50, arms: ["SFT"] }))).toContain("No arm");
  });

  it("say what intervals are about: one seed's questions, or seeds", () => {
    const one = describeIntervals(run);
    expect(one).toMatch(/^Seed 0 only; 400 test questions\..*nothing about other seeds/);
    expect(one).not.toContain("Student");
    const three = describeIntervals(syntheticRun({ questions: 1200, seeds: [0, 2, 5] }));
    expect(three).toMatch(/^Seeds 0, 2, 5; 1,200 test questions each\./);
    // The t table's values for two degrees of freedom and for many.
    expect(three).toContain("Student's t over the 3 seeds, 4.3 standard errors to either side (with many seeds 2.0)");
  });

  it("say where the numbers come from", () => {
    const text = describeProvenance(run);
    for (const part of ["micro-math/main, seeds 0", "90 executed, 0 from the store", "8.0 min", "node 20.20.0"]) {
      expect(text).toContain(part);
    }
    expect(text).toContain("`aaaaaaaaaaaa`");
    expect(text).toContain("micro-math-strong/0 `eeeeeeeeeeee`");
    const bases = { "micro-math-weak-0": `tree:${"d".repeat(64)}` };
    expect(describeProvenance({ ...run, provenance: { ...run.provenance, bases } })).toContain("weak-0 `dddddddddddd`");
  });
});

import { describe, expect, it } from "vitest";
import { accuracyByRound, gainByKl, mainFigure } from "../../kernel-lib/src/figures/index.js";
import { metricOf, summaryTable } from "../../kernel-lib/src/results/index.js";
import { taskByName, taskNames } from "../../kernel-lib/src/tasks/index.js";
import { syntheticRun } from "./synthetic-run.js";

const math = syntheticRun({ seeds: [0], questions: 40 });
const safety = syntheticRun({ preset: "micro-safety/main", seeds: [0], questions: 40 });

describe("metricOf", () => {
  it("tells right answers from those that are no worse than the reference", () => {
    expect(metricOf(math).test).toBe("test accuracy");
    expect(metricOf(safety).test).toBe("test win or tie rate");
  });

  it("knows every registered task whose grading is a judge's", () => {
    const graded = taskNames.filter((name) => taskByName(name, { data: "nowhere" }).grading === "judged");
    for (const name of graded) {
      const run = structuredClone(safety);
      const { experiment } = run.provenance;
      const asked = { ...run, provenance: { ...run.provenance, experiment: { ...experiment, task: name } } };
      expect(metricOf(asked).share).toBe("no worse than the reference");
    }
    expect(graded).toContain("saferpaca");
  });

  it("names the axes and tables of a run", () => {
    const texts = (run: typeof math): string =>
      JSON.stringify([accuracyByRound(run).layout, mainFigure(run).layout, gainByKl(run).layout, summaryTable(run)]);
    expect(texts(math)).toContain("test accuracy (%)");
    expect(texts(math)).not.toContain("win or tie");
    expect(texts(safety)).toContain("test win or tie rate (%)");
    expect(texts(safety)).toContain("training labels no worse than the reference");
    expect(texts(safety)).not.toMatch(/test accuracy|correct training labels/i);
  });
});

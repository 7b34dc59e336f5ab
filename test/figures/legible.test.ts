import { describe, expect, it } from "vitest";
import {
  accuracyByRound,
  comparisonAccuracy,
  dpoOverBeta,
  type Figure,
  figure4,
  gainByArm,
  gainByKl,
  humanStudy,
  labelAccuracy,
  labelChanges,
  mainFigure,
  naiveAblation,
  phaseAtMatchedKl,
  phaseDiagram,
  supervisionQuality,
  timeline,
} from "../../kernel-lib/src/figures/index.js";
import { narrowLayout } from "../../kernel-lib/src/report/narrow-layout.js";
import type { Timeline } from "../../kernel-lib/src/results/index.js";
import { syntheticRun } from "../results/synthetic-run.js";
import { illegible } from "./legible.js";
import { betaSweep, humanRun, oracleRun, otherTask, phaseRun } from "./synthetic-studies.js";

const tiny = { seeds: [0, 1], questions: 60 };
const main = syntheticRun(tiny);
const sweep = betaSweep(tiny);
const sql = otherTask("micro-sql", { ...tiny, rounds: 6 });

const phase = phaseRun(tiny);

const all: Readonly<Record<string, () => Figure>> = {
  "main figure": () => mainFigure(main),
  "accuracy by round": () => accuracyByRound(main),
  "accuracy by round of sixteen arms": () => accuracyByRound(sweep),
  "label accuracy": () => labelAccuracy(main),
  "label changes": () => labelChanges(main),
  "comparison accuracy": () => comparisonAccuracy(main),
  "gain by arm": () => gainByArm(main),
  "gain by KL": () => gainByKl(main),
  "gain by KL and beta": () => gainByKl(sweep),
  "DPO over beta": () => dpoOverBeta(sweep),
  "naive ablation": () => naiveAblation(main),
  "supervision quality": () => supervisionQuality([main, oracleRun("corora", tiny)]),
  "human study": () => humanStudy(humanRun(tiny)),
  "phase diagram": () => phaseDiagram(phase),
  "phase diagram at matched KL": () => phaseAtMatchedKl(phase),
  "gain by KL of fifty arms": () => gainByKl(phase),
  timeline: () => timeline(main, busyDay()),
  "figure 4 with one panel": () => figure4({ "micro-math": main }),
  "figure 4 with four panels": () => figure4({ "GSM8K (7B)": main, "GSM8K (70B)": main, BIRD: sql, SaferPaca: sql }),
};

/** Two workers, every verb, and a chain through all of it. */
function busyDay(): Timeline {
  const names = ["pretrain", "sft", "evaluator", "dpo", "sample", "score", "of-my-own"];
  const steps = names.flatMap((name, i) =>
    [0, 1].map((lane) => ({
      ...{ key: `${i}${lane}`, label: `${name} ${i}`, name, kind: "step" as const, critical: lane === 0, lane },
      ...{ start: 100 * i + 10 * lane, end: 100 * i + 90 },
    })),
  );
  const tables = { ...steps[0]!, name: "pairs", kind: "derive", start: 90, end: 92 } as const;
  return { steps: [...steps, tables], workers: 2, wall: 690, idle: 190, critical: 630, earlier: 1200 };
}

describe("text in figures", () => {
  it.each(Object.entries(all))("of %s can be read in a notebook and on a phone", (_, draw) => {
    const figure = draw();
    expect(illegible(figure, 720), "720 px").toEqual([]);
    const narrow = { ...figure, layout: { ...figure.layout, ...narrowLayout(figure) } };
    expect(illegible(narrow, 340), "340 px").toEqual([]);
  });

  it("is known to be illegible where it is", () => {
    expect(illegible(gainByKl(main), 340)).toContainEqual(expect.stringMatching(/ is outside$/));
    expect(illegible(gainByKl(main), 340)).toContainEqual(expect.stringMatching(/^"0\.\d+" on "0\.\d+"$/));
  });
});

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ExperimentInput, presets } from "../../kernel-lib/src/experiments/index.js";
import {
  accuracyByRound,
  gainByKl,
  labelAccuracy,
  looksFor,
  looksOf,
  mainFigure,
  methodName,
  methodStyle,
} from "../../kernel-lib/src/figures/index.js";
import { armCurves, compareRuns } from "../../kernel-lib/src/results/index.js";
import { syntheticRun, syntheticSweep } from "../results/synthetic-run.js";
import { looksIn } from "./reading.js";
import { betaSweep } from "./synthetic-studies.js";

/** A run with all arms of a preset, as small as it can be. */
const runOf = (preset: ExperimentInput) => syntheticSweep(preset, { questions: 4, rounds: 1, accuracy: () => 0.5 });
const text = ({ color, symbol, dash }: ReturnType<typeof methodStyle>): string => `${color} ${symbol} ${dash}`;

describe("looksOf", () => {
  it.each(
    [...presets.values()].map((preset) => [preset.name, preset] as const),
  )("tells all arms of %s apart", (_, preset) => {
    const run = runOf(preset);
    const looks = armCurves(run).map(({ arm }) => text(looksOf(run)(arm)));
    expect(new Set(looks).size).toBe(looks.length);
  });

  it("tells any forty arms apart, whatever they are called and change", () => {
    const arm = fc.record({
      name: fc.string({ minLength: 1, maxLength: 12 }),
      description: fc.record({
        name: fc.constant("whatever"),
        method: fc.constantFrom("ilr" as const, "dpo" as const, "two-agree" as const, "sft-on-chosen" as const),
        comparisons: fc.constantFrom(
          "evaluator" as const,
          "oracle" as const,
          { noisyOracle: 0.6 },
          { noisyOracle: 0.9 },
        ),
        beta: fc.option(fc.constantFrom(0.1, 0.5), { nil: undefined }),
        lr: fc.option(fc.constantFrom(1e-5, 1e-6), { nil: undefined }),
      }),
    });
    const arms = fc.uniqueArray(arm, { selector: ({ name }) => name, maxLength: 40 });
    fc.assert(
      fc.property(arms, (all) => {
        const look = looksFor(all);
        expect(new Set(all.map(({ name }) => text(look(name)))).size).toBe(all.length);
      }),
    );
  });

  it("gives variants their method's colour, and one beta one marker", () => {
    const run = betaSweep({ questions: 4, rounds: 1 });
    const look = looksOf(run);
    const arms = run.provenance.experiment.arms.filter(({ method }) => method === "dpo");
    for (const arm of arms) {
      expect(look(arm.name).color).toBe(methodStyle(methodName(arm)).color);
      const { symbol } = look(arms.find(({ beta }) => beta === arm.beta)!.name);
      expect(look(arm.name).symbol).toBe(symbol);
    }
    expect(new Set(arms.map(({ name }) => look(name).symbol)).size).toBe(5);
  });

  it("keeps compared runs' arms in their method's colour, and apart", () => {
    const usual = syntheticRun({ questions: 40 });
    const other = syntheticRun({ questions: 40, accuracy: { "ILR (oracle)": 0.9, SFT: 0.3 } });
    const both = compareRuns({ usual, "alpha 0.5": other });
    const look = looksOf(both);
    const names = ["ILR (oracle), usual", "ILR (oracle), alpha 0.5"];
    for (const name of names) expect(look(name).color).toBe(methodStyle("ILR (oracle)").color);
    expect(text(look(names[0]!))).not.toBe(text(look(names[1]!)));
  });

  it("is the same in all figures of a run", () => {
    const run = syntheticSweep(presets.get("micro-math/fidelity")!, {
      ...{ questions: 40, rounds: 2, accuracy: () => 0.5 },
      fields: ({ method }) =>
        method === "ilr" || method === "dpo" ? { kl: 0.1, klError: 0.01, labelAccuracy: 0.5 } : {},
    });
    const look = looksOf(run);
    for (const figure of [
      accuracyByRound(run),
      gainByKl(run),
      labelAccuracy({ ...run, points: run.points.filter(({ arm }) => !arm.startsWith("Naive")) }),
      mainFigure(run),
    ]) {
      const looks = looksIn(figure);
      expect(looks.size).toBeGreaterThan(2);
      for (const [name, shown] of looks) expect(shown, name).toBe(text(look(name)));
    }
  });
});

describe("methodName", () => {
  it("is what the presets call their plain arms", () => {
    for (const arm of presets.get("micro-math/main")!.arms.filter(({ fidelity }) => !fidelity)) {
      expect(methodName(arm)).toBe(arm.name);
    }
  });
});

import { describe, expect, it } from "vitest";
import { type ExperimentInput, presetByName, type RunRecord } from "../../kernel-lib/src/experiments/index.js";
import { DPO_RATES } from "../../kernel-lib/src/experiments/presets/micro-math-phase.js";
import {
  armCurves,
  compareRuns,
  lastPoint,
  pairedDifference,
  phaseCells,
  sftCurve,
} from "../../kernel-lib/src/results/index.js";
import { phaseRun } from "../figures/synthetic-studies.js";
import { type SyntheticArm, syntheticSweep } from "./synthetic-run.js";

const run = phaseRun({ seeds: [0, 1], questions: 200, rounds: 3 });

/** A small run whose arms are given; KL by round and arm. */
function runWith(arms: readonly unknown[], kl: (arm: SyntheticArm, round: number) => number = () => 0.1): RunRecord {
  const preset = { ...presetByName("micro-math/main"), arms } as ExperimentInput;
  return syntheticSweep(preset, {
    ...{ seeds: [0], questions: 60, rounds: 2, accuracy: ({ method }) => (method === "ilr" ? 0.7 : 0.5) },
    fields: (arm, round) => ({ kl: kl(arm, round), klError: 0.01, validationAccuracy: 0.5 }),
  });
}

const noisy = { noisyOracle: 0.8 } as const;

describe("phaseCells", () => {
  const cells = phaseCells(run);

  it("has every arm of ILR of the preset against the DPO that validation chooses, paired", () => {
    expect(cells).toHaveLength(6 * 3 + 5);
    const point = (arm: string) => lastPoint(armCurves(run).find((curve) => curve.arm === arm)!);
    const sft = lastPoint(sftCurve(run)!);
    for (const { accuracy, alpha, errors, ilr, dpo, lr, difference } of cells) {
      const fixed = errors === "by-question" ? ", fixed errors" : "";
      const best = DPO_RATES[accuracy < 0.8 ? 1 : 2]!;
      expect(ilr.arm).toBe(fixed ? `ILR (${accuracy}${fixed})` : `ILR (${accuracy}, alpha ${alpha})`);
      expect([dpo.arm, lr]).toEqual([`DPO (${accuracy}${fixed}, lr ${best})`, best]);
      expect([ilr.round, dpo.round]).toEqual([3, 3]);
      expect(difference).toEqual(pairedDifference(point(ilr.arm), point(dpo.arm)));
      expect([ilr.gain, dpo.gain]).toEqual([ilr, dpo].map(({ arm }) => pairedDifference(point(arm), sft)));
    }
  });

  it("is in order: redrawn errors before fixed ones, alpha and accuracy ascending", () => {
    const keys = cells.map(({ errors, alpha, accuracy }) => [errors === "redrawn" ? 0 : 1, alpha, accuracy] as const);
    const sorted = [...keys].sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
    expect(keys).toEqual(sorted);
  });

  it("prefers DPO with the cell's own alpha, and leaves out arms that change something else", () => {
    const arms = [
      { name: "SFT", method: "sft" },
      { name: "ILR", method: "ilr", comparisons: noisy, alpha: 0.5 },
      { name: "ILR, other proposals", method: "ilr", comparisons: noisy, proposals: "self" },
      { name: "DPO", method: "dpo", comparisons: noisy },
      { name: "DPO, alpha 0.5", method: "dpo", comparisons: noisy, alpha: 0.5 },
      { name: "IPO", method: "dpo", comparisons: noisy, loss: "ipo" },
      { name: "DPO, other source", method: "dpo", comparisons: { noisyOracle: 0.9 } },
    ];
    expect(phaseCells(runWith(arms))).toMatchObject([{ ilr: { arm: "ILR" }, dpo: { arm: "DPO, alpha 0.5" } }]);
    const without = arms.filter(({ name }) => name !== "DPO, alpha 0.5");
    expect(phaseCells(runWith(without))).toMatchObject([{ alpha: 0.5, accuracy: 0.8, dpo: { arm: "DPO" } }]);
  });

  it("knows the alphas of runs that were compared", () => {
    const arms = [
      { name: "ILR", method: "ilr", comparisons: noisy },
      { name: "DPO", method: "dpo", comparisons: noisy },
    ];
    const [usual, bold] = [runWith(arms), runWith(arms)];
    const { experiment } = bold.provenance;
    const changed = {
      ...bold,
      provenance: { ...bold.provenance, experiment: { ...experiment, alpha: 0.5 } },
      points: bold.points.map((point) => ({ ...point, kl: 0.3 })),
    };
    const both = phaseCells(compareRuns({ usual, bold: changed }));
    expect(both.map(({ alpha, ilr, dpo }) => [alpha, ilr.arm, dpo.arm])).toEqual([
      [0.15, "ILR, usual", "DPO, usual"],
      [0.5, "ILR, bold", "DPO, bold"],
    ]);
  });

  it("says which DPO is nearest to ILR in divergence, by ratio, and how near", () => {
    const arms = [
      { name: "ILR", method: "ilr", comparisons: noisy },
      { name: "DPO, low", method: "dpo", comparisons: noisy, lr: 1e-6 },
      { name: "DPO, high", method: "dpo", comparisons: noisy, lr: 1e-5 },
    ];
    const at = (low: readonly number[], high: readonly number[]) =>
      phaseCells(
        runWith(arms, ({ name }, round) =>
          name === "ILR" ? 0.4 * round : (name === "DPO, low" ? low : high)[round - 1]!,
        ),
      ).map(({ matched }) => [matched?.arm, matched?.round, matched?.kl, matched?.ratio]);
    const near = (ratio: number) => expect.closeTo(ratio, 9);
    // ILR is at 0.8: 0.6 is nearer by ratio than 1.1, although both are nearly as far.
    expect(at([0.01, 0.6], [0.3, 1.1])).toEqual([["DPO, low", 2, 0.6, near(0.8 / 0.6)]]);
    expect(at([0.01, 0.02], [0.9, 2])).toEqual([["DPO, high", 1, 0.9, near(0.9 / 0.8)]]);
    expect(at([-0.8, 0.02], [0, 4])).toEqual([["DPO, high", 2, 4, near(5)]]);
  });
});

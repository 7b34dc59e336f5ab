import { describe, expect, it } from "vitest";
import type { CalibrationBin, RunRecord } from "../../kernel-lib/src/experiments/index.js";
import { calibration, figuresByName, figureToSvg } from "../../kernel-lib/src/figures/index.js";
import { wilsonInterval } from "../../kernel-lib/src/results/index.js";
import { syntheticRun } from "../results/synthetic-run.js";
import { curveOf, intervalsOf, legendOf } from "./reading.js";

const empty: CalibrationBin = { pairs: 0, right: 0, belief: 0 };
const bins: readonly CalibrationBin[] = [
  { pairs: 40, right: 2, belief: 0.04 },
  ...Array<CalibrationBin>(5).fill(empty),
  { pairs: 20, right: 9, belief: 0.63 },
  ...Array<CalibrationBin>(3).fill(empty),
];

function believing(): RunRecord {
  const run = syntheticRun({ seeds: [0, 1], questions: 40, rounds: 1 });
  return {
    ...run,
    points: run.points.map((point) => ({ ...point, calibration: point.method === "ilr" ? bins : null })),
    evaluators: run.evaluators.map((row) => ({ ...row, calibration: bins })),
  };
}

describe("calibration", () => {
  it("has the diagonal, held-out pairs, and the arms that ask a model, where their beliefs are", () => {
    const figure = calibration(believing());
    expect(legendOf(figure)).toEqual(["Calibrated", "Held-out pairs", "ILR (evaluator)"]);
    expect(figure.data[0]).toMatchObject({ x: [0, 100], y: [0, 100] });
    const curve = curveOf(figure, "ILR (evaluator)");
    (curve.x as number[]).forEach((belief, i) => {
      expect(belief).toBeCloseTo([4, 63][i]!, 9);
    });
    // Two seeds with the same pairs each.
    const { value, low, high } = wilsonInterval(18 / 40, 40);
    intervalsOf(curve)[1]!.forEach((end, i) => {
      expect(end).toBeCloseTo(100 * [value, low, high][i]!, 9);
    });
    expect(figureToSvg(figure)).toContain("Held-out pairs");
  });

  it("is drawn by name, and refuses a run without beliefs", () => {
    expect(figuresByName.calibration).toBe(calibration);
    expect(() => calibration(syntheticRun({ questions: 20 }))).toThrow(
      expect.objectContaining({ code: "input-missing" }),
    );
  });
});

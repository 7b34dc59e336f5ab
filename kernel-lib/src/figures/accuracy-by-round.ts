import type { RunRecord } from "../experiments/index.js";
import { armCurves, lastPoint, sftCurve } from "../results/index.js";
import {
  besideRound,
  hasRounds,
  lastRound,
  percentages,
  referenceLine,
  roundAxis,
  roundCurve,
} from "./curve-traces.js";
import type { Figure, Trace } from "./figure.js";

/**
 * The main result (figure 4): test accuracy per round and method with 95 % intervals, against horizontal lines for the
 * weak supervisor, SFT on its labels and SFT on ground truth.
 *
 * @example
 * display(accuracyByRound(run));
 */
export function accuracyByRound(run: RunRecord): Figure {
  return {
    data: accuracyTraces(run),
    layout: {
      title: { text: "Test accuracy by round" },
      height: 480,
      xaxis: roundAxis(lastRound(armCurves(run))),
      yaxis: { title: { text: "test accuracy (%)" } },
    },
  };
}

/** The curves of `accuracyByRound`, in %. */
export function accuracyTraces(run: RunRecord): readonly Trace[] {
  const curves = armCurves(run);
  const references = curves.filter((curve) => !hasRounds(curve));
  const moving = curves.filter(hasRounds);
  const ends = [-0.4, lastRound(curves) + 0.4] as const;
  const sft = sftCurve(run);
  const start = sft && 100 * lastPoint(sft).accuracy.value;
  return [
    ...references.flatMap((curve, index) =>
      referenceLine(
        curve.arm,
        percentages(lastPoint(curve).accuracy),
        ends,
        besideRound(0, index, references.length) / 4,
      ),
    ),
    ...moving.flatMap(({ arm, points }, index) =>
      roundCurve(
        arm,
        points.map(({ round, accuracy }) => ({ round, ...percentages(accuracy) })),
        { index, count: moving.length, ...(start !== undefined && { start }) },
      ),
    ),
  ];
}

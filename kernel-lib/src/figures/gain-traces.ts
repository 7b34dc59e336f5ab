import type { RunRecord } from "../experiments/index.js";
import { type ArmCurve, lastPoint, pairedDifference, sftCurve } from "../results/index.js";
import { lastRound, percentages, plainLine, roundCurve } from "./curve-traces.js";
import type { Trace } from "./figure.js";
import { looksOf } from "./looks.js";

/** Gains in test accuracy over SFT by round, in points with paired 95 % intervals, from zero at round 0; nothing for a run without SFT. */
export function gainTraces(run: RunRecord, curves: readonly ArmCurve[]): readonly Trace[] {
  if (sftCurve(run) === undefined) return [];
  const look = looksOf(run);
  return [
    plainLine([-0.4, lastRound(curves) + 0.4], 0),
    ...curves.flatMap(({ arm, points }, index) => {
      const sft = sftCurve(run, arm)!;
      const dots = points.flatMap((point) => {
        const gain = pairedDifference(point, lastPoint(sft));
        return gain ? [{ round: point.round, ...percentages(gain) }] : [];
      });
      return roundCurve(arm, dots, { index, count: curves.length, style: look(arm), start: 0 });
    }),
  ];
}

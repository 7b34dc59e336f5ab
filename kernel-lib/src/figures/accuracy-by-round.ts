import type { RunRecord } from "../experiments/index.js";
import { type ArmCurve, accuracyBesideSft, armCurves, lastPoint, metricOf, sftCurve } from "../results/index.js";
import { besideSftBars } from "./beside-sft.js";
import {
  besideRound,
  hasRounds,
  lastRound,
  percentages,
  referenceLine,
  roundAxis,
  roundCurve,
  shareAxis,
} from "./curve-traces.js";
import type { Figure, Trace } from "./figure.js";
import { heading } from "./heading.js";
import { looksOf } from "./looks.js";
import { heightFor } from "./theme.js";

/**
 * The main result (figure 4): test accuracy per round and method, against horizontal lines for the weak supervisor, SFT on its labels and
 * SFT on ground truth. Bars are 95 % intervals of the paired difference to SFT (of SFT itself: of its accuracy).
 *
 * @example
 * display(accuracyByRound(run));
 */
export function accuracyByRound(run: RunRecord): Figure {
  const data = accuracyTraces(run);
  const { test, title } = metricOf(run);
  return {
    data,
    layout: {
      title: heading(`${title} by round`, run, besideSftBars(run)),
      height: heightFor(data, 480),
      xaxis: roundAxis(lastRound(armCurves(run))),
      yaxis: shareAxis(test, data),
    },
  };
}

/** The curves of `accuracyByRound`, in %; of the whole run or of some of its arms. */
export function accuracyTraces(run: RunRecord, curves: readonly ArmCurve[] = armCurves(run)): readonly Trace[] {
  const look = looksOf(run);
  const drawn = accuracyBesideSft(run);
  const references = curves.filter((curve) => !hasRounds(curve));
  const moving = curves.filter(hasRounds);
  const ends = [-0.4, lastRound(curves) + 0.4] as const;
  const startOf = (arm: string): { readonly start?: number } => {
    const sft = sftCurve(run, arm);
    return sft ? { start: 100 * lastPoint(sft).accuracy.value } : {};
  };
  return [
    ...references.flatMap((curve, index) =>
      referenceLine(curve.arm, percentages(drawn(lastPoint(curve))), {
        ...{ ends, at: besideRound(0, index, references.length) / 4, style: look(curve.arm) },
      }),
    ),
    ...moving.flatMap(({ arm, points }, index) =>
      roundCurve(
        arm,
        points.map((point) => ({ round: point.round, ...percentages(drawn(point)) })),
        { index, count: moving.length, style: look(arm), ...startOf(arm) },
      ),
    ),
  ];
}

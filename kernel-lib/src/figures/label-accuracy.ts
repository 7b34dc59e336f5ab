import type { RunRecord } from "../experiments/index.js";
import { armCurves, lastPoint } from "../results/index.js";
import {
  hasRounds,
  lastRound,
  learnsPreferences,
  percentages,
  referenceLine,
  roundAxis,
  roundCurve,
} from "./curve-traces.js";
import type { Figure, Trace } from "./figure.js";

/**
 * Share of correct training labels per round for ILR's arms, from the weak labels that all of them start with. Bars are the range over
 * seeds, where there are several.
 */
export function labelAccuracy(run: RunRecord): Figure {
  return {
    data: labelTraces(run),
    layout: {
      title: { text: "Label accuracy by round" },
      xaxis: roundAxis(lastRound(refined(run))),
      yaxis: { title: { text: "correct labels (%)" } },
    },
  };
}

/** The curves of `labelAccuracy`, in %. */
export function labelTraces(run: RunRecord): readonly Trace[] {
  const curves = refined(run);
  const weak = armCurves(run).find(({ method }) => method === "weak");
  const labels = weak && lastPoint(weak).labelAccuracy;
  const ends = [-0.4, lastRound(curves) + 0.4] as const;
  return [
    ...(weak && labels ? referenceLine(weak.arm, percentages(labels), ends) : []),
    ...curves.flatMap(({ arm, points }, index) =>
      roundCurve(
        arm,
        points.map(({ round, labelAccuracy }) => ({ round, ...percentages(labelAccuracy!) })),
        { index, count: curves.length, ...(labels && { start: 100 * labels.value }) },
      ),
    ),
  ];
}

/** Arms whose labels change. */
function refined(run: RunRecord): ReturnType<typeof armCurves> {
  return armCurves(run).filter(
    (curve) =>
      hasRounds(curve) && !learnsPreferences(curve) && curve.points.every(({ labelAccuracy: known }) => known !== null),
  );
}

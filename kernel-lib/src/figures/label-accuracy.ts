import type { RunRecord } from "../experiments/index.js";
import { type ArmCurve, armCurves, lastPoint } from "../results/index.js";
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
import { seedsHeading } from "./heading.js";
import { looksOf } from "./looks.js";
import { missingArms } from "./missing-arms.js";
import { heightFor } from "./theme.js";

/**
 * Share of correct training labels per round for ILR's arms and others that change labels, from the weak labels that all of them start with. Bars are the range over
 * seeds, where there are several.
 *
 * @throws LabError `input-missing` for a run that refines no labels, or whose labels nobody can say to be correct.
 */
export function labelAccuracy(run: RunRecord): Figure {
  const curves = refinedCurves(run);
  if (curves.length === 0) throw missingLabels(run);
  const data = labelTraces(run);
  return {
    data,
    layout: {
      title: seedsHeading("Label accuracy by round", run, "bars: range over seeds"),
      height: heightFor(data, 440),
      xaxis: roundAxis(lastRound(curves)),
      yaxis: { title: { text: "correct labels (%)" } },
    },
  };
}

/** The curves of `labelAccuracy`, in %; of all arms that refine labels or of some. */
export function labelTraces(run: RunRecord, curves: readonly ArmCurve[] = refinedCurves(run)): readonly Trace[] {
  const look = looksOf(run);
  // With correct demonstrations labels start at 100 %, whatever the supervisor gave.
  const isWeak = run.provenance.experiment.demonstrations !== "correct-weak";
  const weak = isWeak ? armCurves(run).find(({ method }) => method === "weak") : undefined;
  const labels = isWeak ? weak && lastPoint(weak).labelAccuracy : { value: 1 };
  const ends = [-0.4, lastRound(curves) + 0.4] as const;
  return [
    ...(weak?.points.at(-1)?.labelAccuracy
      ? referenceLine(weak.arm, percentages(lastPoint(weak).labelAccuracy!), { ends })
      : []),
    ...curves.flatMap(({ arm, points }, index) =>
      roundCurve(
        arm,
        points.map(({ round, labelAccuracy }) => ({ round, ...percentages(labelAccuracy!) })),
        { index, count: curves.length, style: look(arm), ...(labels && { start: 100 * labels.value }) },
      ),
    ),
  ];
}

/** Arms whose labels change, as far as it is known which are correct. */
export function refinedCurves(run: RunRecord): readonly ArmCurve[] {
  return armCurves(run).filter(
    (curve) =>
      hasRounds(curve) && !learnsPreferences(curve) && curve.points.every((point) => point.labelAccuracy !== null),
  );
}

/** The error for a run without such arms. */
export function missingLabels(run: RunRecord): Error {
  return missingArms(run, "what ILR does to labels whose correctness is known", ({ task, arms }) =>
    task === "saferpaca" ? false : arms.some(({ method }) => method === "ilr"),
  );
}

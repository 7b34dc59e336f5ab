import type { RunRecord } from "../experiments/index.js";
import { type ArmCurve, armCurves, heldOutAccuracy } from "../results/index.js";
import { lastRound, percentages, plainLine, referenceBand, roundAxis, roundCurve } from "./curve-traces.js";
import type { Figure, Trace } from "./figure.js";
import { seedsHeading } from "./heading.js";
import { looksOf } from "./looks.js";
import { missingArms } from "./missing-arms.js";
import { heightFor, ink } from "./theme.js";

/**
 * How often comparisons preferred the correct answer, round by round, on the pairs that each method showed them, counted where exactly one
 * answer was correct; as lines across, chance and the pairs that the evaluator's training kept back. An evaluator that is good on the latter
 * may be no better than chance on the former.
 *
 * @throws LabError `input-missing` for a run that compares nothing.
 */
export function comparisonAccuracy(run: RunRecord): Figure {
  const curves = armCurves(run).filter(judged);
  if (curves.length === 0) {
    throw missingArms(run, "comparisons where one answer is correct", ({ arms }) =>
      arms.some((arm) => arm.comparisons),
    );
  }
  const look = looksOf(run);
  const last = lastRound(curves);
  const rounds = roundAxis(last);
  const ends = [0.6, last + 0.4] as const;
  const about = "bars: 95 % score intervals over pairs";
  const data = [
    plainLine(ends, 50, "Chance"),
    ...heldOut(run, ends),
    ...curves.flatMap((curve, index) => met(curve, { index, count: curves.length, style: look(curve.arm) })),
  ];
  return {
    data,
    layout: {
      title: seedsHeading("How often comparisons prefer the correct answer", run, about),
      height: heightFor(data, 440),
      xaxis: { ...rounds, title: { text: "pairs met in round" }, range: ends },
      yaxis: { title: { text: "correct preferences (%)" } },
    },
  };
}

const judged = ({ points }: ArmCurve): boolean => points.some(({ comparisons }) => comparisons !== null);

function met({ arm, points }: ArmCurve, place: Parameters<typeof roundCurve>[2]): readonly Trace[] {
  const dots = points.flatMap(({ round, comparisons }) =>
    comparisons === null ? [] : [{ round, ...percentages(comparisons) }],
  );
  return roundCurve(arm, dots, place);
}

/** The name of a line that is no arm's. */
export const heldOutName = "Evaluator, held-out pairs";

function heldOut(run: RunRecord, ends: readonly [number, number]): readonly Trace[] {
  const level = heldOutAccuracy(run);
  const style = { color: ink.text, symbol: "asterisk-open", dash: "longdashdot" };
  return level === null ? [] : referenceBand(heldOutName, percentages(level), { ends, style });
}

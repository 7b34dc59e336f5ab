import type { RunRecord } from "../experiments/index.js";
import { type CalibrationCurve, calibrationCurves, heldOutPairs, wilsonInterval } from "../results/index.js";
import { percentages } from "./curve-traces.js";
import type { Figure, Trace } from "./figure.js";
import { seedsHeading } from "./heading.js";
import { looksOf } from "./looks.js";
import { missingArms } from "./missing-arms.js";
import { ink, methodLine } from "./theme.js";

/** A little room around 0 to 100 %, so that points at the ends are whole. */
const ends = [-3, 103] as const;

/**
 * Whether those who compare know when they are right: how often the second answer is the correct one, over the belief that it is, in tenths of
 * the belief; on held-out pairs, and on those that each arm showed. Calibrated beliefs lie on the diagonal. Seeds and rounds together,
 * pairs with exactly one correct answer.
 *
 * @throws LabError `input-missing` for a run in which no model and nobody compares, or that was recorded before beliefs were.
 */
export function calibration(run: RunRecord): Figure {
  const curves = calibrationCurves(run);
  if (curves.length === 0) {
    throw missingArms(run, "beliefs of an evaluator", ({ arms }) =>
      arms.some((arm) => arm.comparisons === "evaluator"),
    );
  }
  const look = looksOf(run);
  const styleOf = (name: string): ReturnType<typeof look> =>
    name === heldOutPairs ? { color: ink.text, symbol: "asterisk-open", dash: "longdashdot" } : look(name);
  return {
    data: [diagonal, ...curves.map((curve) => curveTrace(curve, styleOf(curve.name)))],
    layout: {
      title: seedsHeading(
        "Beliefs of those who compare, against the truth",
        run,
        "bars: 95 % score intervals over pairs",
      ),
      height: 480,
      xaxis: { title: { text: "belief that the second answer is better (%), by tenths" }, range: ends },
      yaxis: { title: { text: "second answer correct (%)" }, range: ends },
    },
  };
}

const diagonal: Trace = {
  ...{ type: "scatter", mode: "lines", name: "Calibrated", x: [0, 100], y: [0, 100], hoverinfo: "skip" },
  line: { color: ink.chance, dash: "dot", width: 1.5 },
};

function curveTrace({ name, bins }: CalibrationCurve, style: NonNullable<Parameters<typeof methodLine>[3]>): Trace {
  const beliefs = bins.map(({ belief }) => 100 * belief);
  const shares = bins.map(({ right, pairs }) => percentages(wilsonInterval(right / pairs, pairs)));
  return {
    ...methodLine(name, beliefs, shares, style),
    text: bins.map(({ pairs }) => `${pairs.toLocaleString("en")} ${pairs === 1 ? "pair" : "pairs"}`),
    hovertemplate: "belief %{x:.1f}, correct %{y:.1f}: %{text}",
  };
}

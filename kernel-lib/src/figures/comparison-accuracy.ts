import type { RunRecord } from "../experiments/index.js";
import { type ArmCurve, armCurves, heldOutAccuracy } from "../results/index.js";
import { lastRound, percentages, roundAxis, roundCurve } from "./curve-traces.js";
import type { Figure, Trace } from "./figure.js";
import { errorBars } from "./theme.js";

/**
 * How often comparisons preferred the correct answer: on the pairs that the evaluator's training kept back (at "held out") and, round by
 * round, on the pairs that each method showed it, counted where exactly one answer was correct. 50 % is chance. An evaluator
 * that is good on the former may be no better than chance on the latter.
 */
export function comparisonAccuracy(run: RunRecord): Figure {
  const curves = armCurves(run).filter(judged);
  const rounds = roundAxis(lastRound(curves));
  const ticks = (rounds.tickvals as readonly number[]).map((round) => (round === 0 ? "held out" : String(round)));
  return {
    data: [
      chanceLine(lastRound(curves)),
      ...heldOut(run),
      ...curves.flatMap((curve, i) => met(curve, i, curves.length)),
    ],
    layout: {
      title: { text: "How often comparisons prefer the correct answer" },
      xaxis: { ...rounds, title: { text: "pairs met in round" }, ticktext: ticks },
      yaxis: { title: { text: "correct preferences (%)" } },
    },
  };
}

const judged = ({ points }: ArmCurve): boolean => points.some(({ comparisons }) => comparisons !== null);

function met({ arm, points }: ArmCurve, index: number, count: number): readonly Trace[] {
  const dots = points.flatMap(({ round, comparisons }) =>
    comparisons === null ? [] : [{ round, ...percentages(comparisons) }],
  );
  return roundCurve(arm, dots, { index, count });
}

function heldOut(run: RunRecord): readonly Trace[] {
  const level = heldOutAccuracy(run);
  if (level === null) return [];
  const interval = percentages(level);
  return [
    {
      ...{ type: "scatter", mode: "markers", name: "Evaluator, held-out pairs", x: [0], y: [interval.value] },
      error_y: errorBars([interval], "#000000"),
      marker: { color: "#000000", symbol: "asterisk-open", size: 10, line: { width: 2 } },
      hovertemplate: "%{y:.1f}",
    },
  ];
}

function chanceLine(last: number): Trace {
  return {
    ...{ type: "scatter", mode: "lines", name: "Chance", x: [-0.4, last + 0.4], y: [50, 50], hoverinfo: "skip" },
    line: { color: "#777777", dash: "dot", width: 1.5 },
  };
}

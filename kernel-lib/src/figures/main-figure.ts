import type { RunRecord } from "../experiments/index.js";
import { type ArmCurve, armCurves, metricOf } from "../results/index.js";
import { accuracyTraces } from "./accuracy-by-round.js";
import { besideSftBars } from "./beside-sft.js";
import { hasRounds, lastRound, learnsPreferences, roundAxis, shareAxis } from "./curve-traces.js";
import type { Figure, Trace } from "./figure.js";
import { heading } from "./heading.js";
import { labelTraces } from "./label-accuracy.js";
import { sideBySide } from "./panels.js";

/**
 * Both halves of the story side by side: what refinement does to the labels, and what the labels do to the student. This is the figure
 * that `make reproduce` writes.
 */
export function mainFigure(run: RunRecord): Figure {
  const curves = armCurves(run);
  const metric = metricOf(run);
  const rounds = roundAxis(lastRound(curves));
  const { ranks, lines } = legendRanks(curves);
  const ranked = (trace: Trace): Trace => ({ ...trace, legendrank: ranks.get(String(trace.name)) ?? 0 });
  const { data, layout } = sideBySide(
    [
      {
        ...{ title: metric.title, data: accuracyTraces(run).map(ranked), weight: 2 },
        ...{ xaxis: rounds, yaxis: shareAxis(metric.share, accuracyTraces(run)) },
      },
      {
        title: `${metric.rate[0]!.toUpperCase()}${metric.rate.slice(1)} of training labels`,
        data: labelTraces(run).map(ranked),
        xaxis: rounds,
        yaxis: {},
      },
    ],
    lines,
  );
  const title = heading(run.provenance.experiment.title, run, `${besideSftBars(run)} (labels: range over seeds)`);
  return { data, layout: { ...layout, title, height: 470 + 36 * lines } };
}

/** The legend has three columns and fills them row by row: ILR's arms, DPO's arms, and what they are held against. */
function legendRanks(curves: readonly ArmCurve[]): {
  readonly ranks: ReadonlyMap<string, number>;
  readonly lines: number;
} {
  const columns = [
    curves.filter((curve) => hasRounds(curve) && !learnsPreferences(curve)),
    curves.filter(learnsPreferences),
    curves.filter((curve) => !hasRounds(curve)),
  ];
  const ranks = columns.flatMap((column, i) => column.map(({ arm }, row) => [arm, 1 + 3 * row + i] as const));
  return { ranks: new Map(ranks), lines: Math.max(...columns.map(({ length }) => length)) };
}

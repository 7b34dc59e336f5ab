import type { RunRecord } from "../experiments/index.js";
import { type ArmCurve, armCurves } from "../results/index.js";
import { accuracyTraces } from "./accuracy-by-round.js";
import { hasRounds, lastRound, learnsPreferences, roundAxis } from "./curve-traces.js";
import type { Figure } from "./figure.js";
import { labelTraces } from "./label-accuracy.js";

/**
 * Both halves of the story side by side: what refinement does to the labels, and what the labels do to the student. This is the figure
 * that `make reproduce` writes.
 */
export function mainFigure(run: RunRecord): Figure {
  const rounds = roundAxis(lastRound(armCurves(run)));
  const ranks = legendRanks(armCurves(run));
  const heading = (text: string, x: number): object => ({
    ...{ text, x, y: 1, xref: "paper", yref: "paper", xanchor: "left", yanchor: "bottom", showarrow: false },
    font: { size: 14 },
  });
  return {
    data: [
      ...accuracyTraces(run).map((trace) => ({ ...trace, legendrank: ranks.get(String(trace.name)) ?? 0 })),
      ...labelTraces(run).map((trace) => ({ ...trace, xaxis: "x2", yaxis: "y2", showlegend: false })),
    ],
    layout: {
      title: { text: run.provenance.experiment.title },
      height: 620,
      margin: { l: 60, r: 16, t: 80, b: 150 },
      xaxis: { ...rounds, domain: [0, 0.6] },
      yaxis: { title: { text: "correct (%)" } },
      xaxis2: { ...rounds, domain: [0.69, 1], anchor: "y2" },
      yaxis2: { anchor: "x2" },
      legend: { orientation: "h", x: 0, y: -0.14, yanchor: "top", font: { size: 12 }, entrywidth: 176 },
      annotations: [heading("Test accuracy", 0), heading("Accuracy of training labels", 0.69)] as never,
    },
  };
}

/** The legend has three columns and fills them row by row: ILR's arms, DPO's arms, and what they are held against. */
function legendRanks(curves: readonly ArmCurve[]): ReadonlyMap<string, number> {
  const columns = [
    curves.filter((curve) => hasRounds(curve) && !learnsPreferences(curve)),
    curves.filter(learnsPreferences),
    curves.filter((curve) => !hasRounds(curve)),
  ];
  return new Map(columns.flatMap((column, i) => column.map(({ arm }, row) => [arm, 1 + 3 * row + i] as const)));
}

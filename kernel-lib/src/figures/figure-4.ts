import type { RunRecord } from "../experiments/index.js";
import { type ArmCurve, armCurves, metricOf } from "../results/index.js";
import { accuracyTraces } from "./accuracy-by-round.js";
import { besideSftBars } from "./beside-sft.js";
import { lastRound, roundAxis, shareAxis } from "./curve-traces.js";
import type { Figure } from "./figure.js";
import { heading } from "./heading.js";
import { changesOf } from "./looks.js";
import { missingArms } from "./missing-arms.js";
import { type Panel, sideBySide } from "./panels.js";

/**
 * The paper's main result, a panel a task: test accuracy (or win or tie rate) by round of ILR and DPO with the trained evaluator, against SFT;
 * 95 % intervals. What else a run has is in its main figure.
 *
 * @param runs by the panel's title, such as a task's name.
 * @throws LabError `input-missing` for a run without ILR or without DPO.
 * @example
 * display(figure4({ "micro-math": math.record, "micro-sql": sql.record }));
 */
export function figure4(runs: Readonly<Record<string, RunRecord>>): Figure {
  const panels = Object.entries(runs).map(([title, run]) => panelOf(title, run));
  const names = new Set(panels.flatMap(({ data }) => data.map(({ name }) => name)));
  const { data, layout } = sideBySide(panels, Math.ceil(names.size / 3));
  const title = heading("ILR, DPO and SFT by round", Object.values(runs), besideSftBars(Object.values(runs)[0]!));
  return { data, layout: { ...layout, title, height: 520 } };
}

function panelOf(title: string, run: RunRecord): Panel {
  const curves = armCurves(run).filter((curve) => curve.method === "sft" || isOfThePaper(curve));
  const methods = new Set(curves.map(({ method }) => method));
  if (!methods.has("ilr") || !methods.has("dpo")) {
    throw missingArms(run, "ILR and DPO with the same comparisons", ({ arms }) =>
      ["ilr", "dpo"].every((wanted) =>
        arms.some(({ method, comparisons }) => method === wanted && comparisons === "evaluator"),
      ),
    );
  }
  const data = accuracyTraces(run, curves);
  return {
    ...{ title, data, xaxis: roundAxis(lastRound(curves)) },
    yaxis: shareAxis(metricOf(run).test, data),
  };
}

/** The paper's comparisons are the evaluator's, or people's; DPO is shown with both variants of F1 where a run has them. */
function isOfThePaper({ method, description }: ArmCurve): boolean {
  if (description === undefined || (method !== "ilr" && method !== "dpo")) return false;
  const { comparisons } = description;
  const isUsual = Object.keys(changesOf(description)).every((field) => field === "fidelity");
  return isUsual && (comparisons === "evaluator" || comparisons === "human");
}

import type { RunRecord } from "../experiments/index.js";
import { type ArmCurve, armCurves, sftCurve } from "../results/index.js";
import { lastRound, roundAxis } from "./curve-traces.js";
import type { Figure } from "./figure.js";
import { gainTraces } from "./gain-traces.js";
import { heading, pairedBars } from "./heading.js";
import { labelTraces, refinedCurves } from "./label-accuracy.js";
import { missingArms } from "./missing-arms.js";
import { sideBySide } from "./panels.js";

/**
 * What comparisons do for ILR (Sec. 5.2): ILR with each source of comparisons against naive ILR, which replaces labels at random. On the left
 * what students gain over SFT, in points with paired 95 % intervals; on the right how many labels are correct.
 *
 * @throws LabError `input-missing` for a run without naive ILR, without ILR, or without SFT.
 */
export function naiveAblation(run: RunRecord): Figure {
  const curves = armCurves(run).filter(isRefined);
  const methods = new Set(curves.map(({ method }) => method));
  if (methods.size < 2 || sftCurve(run) === undefined) {
    throw missingArms(run, "SFT, ILR and naive ILR", ({ arms }) => arms.some(({ method }) => method === "naive-ilr"));
  }
  const rounds = roundAxis(lastRound(curves));
  const judged = refinedCurves(run);
  const { data, layout } = sideBySide(
    [
      {
        ...{ title: "Gain over SFT", data: gainTraces(run, curves), weight: 1.3 },
        ...{ xaxis: rounds, yaxis: { title: { text: "gain in test accuracy (points)" } } },
      },
      {
        ...{ title: "Training labels", data: labelTraces(run, judged) },
        ...{ xaxis: rounds, yaxis: { title: { text: "correct labels (%)" } } },
      },
    ],
    Math.ceil((curves.length + 1) / 3),
  );
  const title = heading("ILR with and without comparisons", run, `${pairedBars} (labels: range over seeds)`);
  return { data, layout: { ...layout, title, height: 500 } };
}

const isRefined = ({ method }: ArmCurve): boolean => method === "ilr" || method === "naive-ilr";

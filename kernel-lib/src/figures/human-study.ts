import type { RunRecord } from "../experiments/index.js";
import { armCurves } from "../results/index.js";
import { accuracyTraces } from "./accuracy-by-round.js";
import { besideSftBars } from "./beside-sft.js";
import { hasRounds, lastRound, roundAxis } from "./curve-traces.js";
import type { Figure } from "./figure.js";
import { heading } from "./heading.js";
import { missingArms } from "./missing-arms.js";

/**
 * The human study (Sec. 6, figure 6): test accuracy by round of ILR and DPO whose comparisons people made against the clock, against SFT.
 *
 * @throws LabError `input-missing` for a run in which nobody compared.
 */
export function humanStudy(run: RunRecord): Figure {
  const all = armCurves(run);
  const asked = all.filter(({ description }) => description?.comparisons === "human");
  if (asked.length === 0) {
    throw missingArms(run, "arms whose comparisons people made", ({ arms }) =>
      arms.some(({ comparisons }) => comparisons === "human"),
    );
  }
  const curves = [...all.filter((curve) => !hasRounds(curve)), ...asked];
  return {
    data: accuracyTraces(run, curves),
    layout: {
      title: heading("ILR and DPO with people's comparisons", run, besideSftBars(run)),
      height: 460,
      xaxis: roundAxis(lastRound(curves)),
      yaxis: { title: { text: "test accuracy (%)" } },
    },
  };
}

import type { RunRecord } from "../experiments/index.js";
import { metricOf, sftCurve } from "../results/index.js";
import { intervalBars } from "./heading.js";

/** What bars are where `accuracyBesideSft` is drawn. */
export function besideSftBars(run: RunRecord): string {
  return sftCurve(run) === undefined
    ? intervalBars
    : `${intervalBars}, of SFT's ${metricOf(run).rate} and of differences to it`;
}

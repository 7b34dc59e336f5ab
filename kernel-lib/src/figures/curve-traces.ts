import type { ArmCurve, Interval } from "../results/index.js";
import type { Layout, Trace } from "./figure.js";
import { methodLine, methodStyle } from "./theme.js";

/** One point of a drawn curve, in the axis's unit. */
export interface Dot extends Interval {
  readonly round: number;
}

/** Points of a round lie side by side, so that intervals do not cover each other: this far apart, within a band of at most this width. */
const gap = 0.08;
const band = 0.5;

/** Where the `index`-th of `count` curves lies beside a round. */
export function besideRound(round: number, index: number, count: number): number {
  return count < 2 ? round : round + Math.min(gap * (count - 1), band) * (index / (count - 1) - 0.5);
}

/** A share as %, an interval with it. */
export function percentages({ value, low, high }: Interval): Interval {
  return { value: 100 * value, low: 100 * low, high: 100 * high };
}

export interface CurvePlace {
  /** Which of how many curves this is, for the shift along x. */
  readonly index: number;
  readonly count: number;
  /** Where the curve comes from, at round 0 and without an interval of its own. */
  readonly start?: number;
}

/** A curve over rounds in its method's look: points with intervals, and a line from where it started. */
export function roundCurve(arm: string, dots: readonly Dot[], { index, count, start }: CurvePlace): readonly Trace[] {
  const x = dots.map(({ round }) => besideRound(round, index, count));
  const curve: Trace = { ...methodLine(arm, x, dots), mode: "lines+markers", ...hoverByRound(dots) };
  if (start === undefined || dots.length === 0) return [curve];
  return [stroke(arm, [0, x[0]!], [start, dots[0]!.value], 2), curve];
}

/** A reference at one level for all rounds: a line across, and the estimate with its interval at round 0. */
export function referenceLine(arm: string, level: Interval, ends: readonly [number, number], at = 0): readonly Trace[] {
  const dot = { round: 0, ...level };
  const marker = { ...methodLine(arm, [at], [dot]), mode: "lines+markers", ...hoverByRound([dot]) };
  return [{ ...stroke(arm, ends, [level.value, level.value]), opacity: 0.75 }, marker];
}

/** A line without markers and without a place in the legend, which its curve already has. */
function stroke(arm: string, x: readonly number[], y: readonly number[], width = 1.5): Trace {
  const { color, dash } = methodStyle(arm);
  return {
    ...{ type: "scatter", mode: "lines", name: arm, legendgroup: arm, showlegend: false, hoverinfo: "skip" },
    ...{ x, y, line: { color, dash, width } },
  };
}

function hoverByRound(dots: readonly Dot[]): Trace {
  return { text: dots.map(({ round }) => `round ${round}`), hovertemplate: "%{text}: %{y:.1f}" };
}

/** The x-axis of rounds 0 to `last`. */
export function roundAxis(last: number): Layout {
  const rounds = Array.from({ length: last + 1 }, (_, round) => round);
  return { title: { text: "round" }, tickvals: rounds, range: [-0.4, last + 0.4] };
}

/** The last round of any of the curves. */
export function lastRound(curves: readonly ArmCurve[]): number {
  return Math.max(1, ...curves.flatMap(({ points }) => points.map(({ round }) => round)));
}

/** True for arms that have rounds, such as ILR's and DPO's; the others are references. */
export function hasRounds({ method }: ArmCurve): boolean {
  return method !== "weak" && method !== "sft" && method !== "sft-ground-truth";
}

/** True for arms that learn from preferences, and so do not touch the labels. */
export function learnsPreferences({ method }: ArmCurve): boolean {
  return method === "dpo" || method === "sft-on-chosen";
}

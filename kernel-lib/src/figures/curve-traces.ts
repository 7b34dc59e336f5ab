import type { ArmCurve, Interval } from "../results/index.js";
import type { Layout, Trace } from "./figure.js";
import { methodStyle } from "./looks.js";
import type { MethodStyle } from "./method-style.js";
import { ink, methodLine } from "./theme.js";

/** One point of a drawn curve, in the axis's unit. */
export interface Dot extends Interval {
  readonly round: number;
}

/** Points of a round lie side by side, so that intervals do not cover each other: this far apart, within a band of at most this width. */
const gap = 0.16;
const band = 0.5;

/** Where the `index`-th of `count` curves lies beside a round. */
export function besideRound(round: number, index: number, count: number): number {
  return count < 2 ? round : round + Math.min(gap * (count - 1), band) * (index / (count - 1) - 0.5);
}

/** An axis of shares in %, called so. Bars of differences may go beyond what a share can be; the axis does not. */
export function shareAxis(title: string, traces: readonly Trace[]): Layout {
  const isBeyond = traces.some(({ y, error_y: bars }) =>
    (y as readonly number[]).some((value, i) => value + ((bars as Bars | undefined)?.array[i] ?? 0) > 100),
  );
  return { title: { text: `${title} (%)` }, ...(isBeyond && { autorangeoptions: { maxallowed: 100 } }) };
}

interface Bars {
  readonly array: readonly number[];
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
  /** Default: that of the arm's name. */
  readonly style?: MethodStyle;
}

/** A curve over rounds in its method's look: points with intervals, and a line from where it started. */
export function roundCurve(arm: string, dots: readonly Dot[], place: CurvePlace): readonly Trace[] {
  const { index, count, start, style = methodStyle(arm) } = place;
  const x = dots.map(({ round }) => besideRound(round, index, count));
  const curve: Trace = { ...methodLine(arm, x, dots, style), mode: "lines+markers", ...hoverByRound(dots) };
  if (start === undefined || dots.length === 0) return [curve];
  return [stroke(arm, style, { x: [0, x[0]!], y: [start, dots[0]!.value], width: 2 }), curve];
}

export interface LevelPlace {
  /** Where the line across begins and ends. */
  readonly ends: readonly [number, number];
  /** Where the estimate stands with its interval. Default: 0. */
  readonly at?: number;
  /** Default: that of the arm's name. */
  readonly style?: MethodStyle;
}

/** A reference at one level for all rounds: a line across, and the estimate with its interval at round 0. */
export function referenceLine(arm: string, level: Interval, place: LevelPlace): readonly Trace[] {
  const { ends, at = 0, style = methodStyle(arm) } = place;
  const dot = { round: 0, ...level };
  const marker = { ...methodLine(arm, [at], [dot], style), mode: "lines+markers", ...hoverByRound([dot]) };
  const across = stroke(arm, style, { x: ends, y: [level.value, level.value], width: 1.5 });
  return [{ ...across, opacity: 0.75 }, marker];
}

/** A reference at one level where the x-axis is not of rounds: a line across, in the band of its interval. */
export function referenceBand(arm: string, level: Interval, place: Omit<LevelPlace, "at">): readonly Trace[] {
  const { ends, style = methodStyle(arm) } = place;
  const [from, to] = ends;
  return [
    {
      ...{ type: "scatter", mode: "lines", name: arm, legendgroup: arm, showlegend: false, hoverinfo: "skip" },
      ...{ x: [from, to, to, from], y: [level.low, level.low, level.high, level.high] },
      ...{ fill: "toself", fillcolor: translucent(style.color, 0.13), line: { width: 0 } },
    },
    referenceLevel(arm, level.value, { ends, style }),
  ];
}

/** The same without its interval. */
export function referenceLevel(arm: string, level: number, place: Omit<LevelPlace, "at">): Trace {
  const { ends, style = methodStyle(arm) } = place;
  return { ...stroke(arm, style, { x: ends, y: [level, level], width: 2 }), showlegend: true, hoverinfo: "name+y" };
}

/** A line of a level that nothing has measured, such as zero or chance. */
export function plainLine(ends: readonly [number, number], level: number, name?: string): Trace {
  return {
    ...{ type: "scatter", mode: "lines", x: ends, y: [level, level], hoverinfo: "skip" },
    ...(name === undefined ? { showlegend: false } : { name }),
    line: name === undefined ? { color: ink.zero, width: 1 } : { color: ink.chance, dash: "dot", width: 1.5 },
  };
}

/** A colour that lets through what is behind it. */
export function translucent(color: string, opacity: number): string {
  const channels = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
  return `rgba(${channels.join(",")},${opacity})`;
}

interface Path {
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly width: number;
}

/** A line without markers and without a place in the legend, which its curve already has. */
function stroke(arm: string, { color, dash }: MethodStyle, { x, y, width }: Path): Trace {
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

/** True for arms that have rounds; the others are references. */
export function hasRounds({ method }: ArmCurve): boolean {
  return method !== "weak" && method !== "sft" && method !== "sft-ground-truth";
}

/** True for arms that train on preferences; other arms with rounds change the labels. */
export function learnsPreferences({ method }: ArmCurve): boolean {
  return method === "dpo" || method === "sft-on-chosen";
}

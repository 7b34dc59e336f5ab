import type { RunRecord } from "../experiments/index.js";
import { type ArmCurve, armCurves, lastPoint, pairedDifference, sftCurve } from "../results/index.js";
import { percentages, plainLine } from "./curve-traces.js";
import type { Figure, Trace } from "./figure.js";
import { heading, pairedBars } from "./heading.js";
import { looksOf } from "./looks.js";
import type { MethodStyle } from "./method-style.js";
import { missingArms } from "./missing-arms.js";
import { heightFor, methodLine } from "./theme.js";

/** What arms' rounds cost, and in what. */
export interface RoundCosts {
  /** By arm: the cost of each round, of one seed. */
  readonly rounds: ReadonlyMap<string, readonly number[]>;
  /** Of what: floating-point operations or seconds of one worker. */
  readonly unit: "operations" | "seconds";
  /** Where the costs are from: "as planned" or "as recorded". */
  readonly source: string;
  /** What recorded costs were measured on. */
  readonly machine?: string;
}

/**
 * What a method's rounds buy for what they cost, which the paper's reviewers asked: gain in test accuracy over SFT, in points with paired
 * 95 % intervals, against the cost of all rounds so far. All lines begin at SFT, with nothing spent and nothing gained; what comes before the first round (base
 * models, the weak supervisor, SFT, the evaluator) and what only measures a model is left out.
 *
 * @throws LabError `input-missing` for a run without SFT, or where no arm has costs.
 */
export function costAccuracy(run: RunRecord, { rounds, unit, source, machine }: RoundCosts): Figure {
  const sft = sftCurve(run);
  const curves = armCurves(run).filter(({ arm }) => (rounds.get(arm)?.length ?? 0) > 0);
  if (sft === undefined || curves.length === 0) {
    throw missingArms(run, "SFT, and arms whose rounds cost something", ({ arms }) =>
      arms.some(({ method }) => method === "ilr" || method === "dpo"),
    );
  }
  const largest = Math.max(...curves.flatMap(({ arm }) => cumulative(rounds.get(arm)!)));
  const scale = unit === "operations" ? prefixOf(largest) : timeOf(largest);
  const about = machine === undefined ? pairedBars : `${pairedBars}; ${machine}`;
  const look = looksOf(run);
  const data = [
    plainLine([0, (1.04 * largest) / scale.factor], 0),
    ...curves.map((curve) => spentTrace(curve, sft, rounds.get(curve.arm)!, { scale, style: look(curve.arm) })),
  ];
  return {
    data,
    layout: {
      title: heading("Gain over SFT against the cost of all rounds so far", run, about),
      height: heightFor(data, 480),
      xaxis: { title: { text: `${scale.text} after SFT, ${source}` }, rangemode: "tozero" },
      yaxis: { title: { text: "gain in test accuracy (points)" } },
    },
  };
}

interface Drawn {
  readonly scale: Scale;
  readonly style: MethodStyle;
}

function spentTrace(
  { arm, points }: ArmCurve,
  sft: ArmCurve,
  costs: readonly number[],
  { scale, style }: Drawn,
): Trace {
  const spent = cumulative(costs);
  const dots = points.flatMap((point) => {
    const gain = pairedDifference(point, lastPoint(sft));
    const cost = spent[point.round - 1];
    if (gain === null || cost === undefined) return [];
    return [{ x: cost / scale.factor, y: percentages(gain), text: `round ${point.round}` }];
  });
  const start = { x: 0, y: { value: 0, low: 0, high: 0 }, text: "SFT" };
  const all = [start, ...dots];
  const line = methodLine(
    arm,
    all.map(({ x }) => x),
    all.map(({ y }) => y),
    style,
  );
  return {
    ...line,
    mode: "lines+markers",
    text: all.map(({ text }) => text),
    hovertemplate: "%{text}: %{y:.1f} points at %{x:.3g}",
    // SFT is where all lines begin, and has no marker of theirs.
    marker: { ...(line.marker as object), opacity: all.map((_, i) => (i === 0 ? 0 : 1)) },
  };
}

function cumulative(costs: readonly number[]): readonly number[] {
  let sum = 0;
  return costs.map((cost) => {
    sum += cost;
    return sum;
  });
}

interface Scale {
  readonly factor: number;
  readonly text: string;
}

/** Operations in a unit in which they have few digits. */
function prefixOf(largest: number): Scale {
  const prefixes = ["", "k", "M", "G", "T", "P", "E", "Z", "Y"] as const;
  const step = Math.min(prefixes.length - 1, Math.max(0, Math.floor(Math.log10(largest) / 3)));
  return { factor: 1000 ** step, text: `operations (${prefixes[step]}FLOP a seed)` };
}

function timeOf(largest: number): Scale {
  if (largest < 300) return { factor: 1, text: "time of one worker (s a seed)" };
  return largest < 18_000
    ? { factor: 60, text: "time of one worker (min a seed)" }
    : { factor: 3600, text: "time of one worker (h a seed)" };
}

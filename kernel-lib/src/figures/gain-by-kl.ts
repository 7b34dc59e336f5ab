import type { RunRecord } from "../experiments/index.js";
import {
  type ArmCurve,
  armCurves,
  type CurvePoint,
  type Interval,
  lastPoint,
  metricOf,
  pairedDifference,
  sftCurve,
} from "../results/index.js";
import { percentages } from "./curve-traces.js";
import type { Figure, Trace } from "./figure.js";
import { heading } from "./heading.js";
import { type Looks, looksOf, methodName } from "./looks.js";
import type { MethodStyle } from "./method-style.js";
import { missingArms } from "./missing-arms.js";
import { errorBars, heightFor, ink, methodLine } from "./theme.js";

/** Estimates of the divergence below this, negative ones among them, are drawn here: the axis is logarithmic. In nats. */
const smallestKl = 0.005;

const decades = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50];

/**
 * What moving away from SFT buys (figure 3b): gain in test accuracy over SFT, in points with paired 95 % intervals, against the
 * divergence from SFT in nats an answer, with 95 % intervals. One point an arm and round; lines go from round to round.
 *
 * @throws LabError `input-missing` for a run without SFT or without divergences.
 */
export function gainByKl(run: RunRecord): Figure {
  const moved = armCurves(run).filter(({ points }) => points.some(({ kl }) => kl !== null));
  if (sftCurve(run) === undefined || moved.length === 0) {
    throw missingArms(run, "arms with a divergence from SFT, and SFT", ({ arms }) => arms.some(({ beta }) => beta));
  }
  const look = looksOf(run);
  const clipped = moved.some(({ points }) => points.some(({ kl }) => kl !== null && kl.value < smallestKl));
  const note = clipped ? `; below ${smallestKl} drawn at ${smallestKl}` : "";
  const about = `bars: 95 % intervals, those of gains paired${note}`;
  const traces = moved.flatMap((curve) => gainTrace(curve, lastPoint(sftCurve(run, curve.arm)!), look(curve.arm)));
  const data = withKeys(moved, look, traces);
  return {
    data,
    layout: {
      title: heading("Gain over SFT against divergence from SFT", run, about),
      height: heightFor(data, 480),
      xaxis: { title: { text: "KL from SFT (nats an answer)" }, type: "log", tickvals: decades },
      yaxis: { title: { text: `gain in ${metricOf(run).test} (points)` }, zeroline: true, zerolinecolor: ink.zero },
    },
  };
}

function gainTrace({ arm, points }: ArmCurve, sft: CurvePoint, style: MethodStyle): readonly Trace[] {
  const dots = points.flatMap((point) => dotOf(point, sft) ?? []);
  if (dots.length === 0) return [];
  const kls = dots.map(({ kl }) => onAxis(kl));
  const gains = dots.map(({ gain }) => gain);
  const line = methodLine(
    arm,
    kls.map(({ value }) => value),
    gains,
    style,
  );
  return [
    {
      ...{ ...line, error_x: errorBars(kls, style.color), mode: "lines+markers" },
      ...{ text: dots.map(({ text }) => text), hovertemplate: "%{text}" },
    },
  ];
}

/**
 * Where a source of comparisons comes with several values of beta, the legend says what colours and what markers mean, in place of naming every
 * pair of them.
 */
function withKeys(curves: readonly ArmCurve[], look: Looks, traces: readonly Trace[]): readonly Trace[] {
  const swept = curves.flatMap(({ arm, description }) =>
    description?.beta === undefined
      ? []
      : [{ method: methodName(description), beta: description.beta, style: look(arm) }],
  );
  const betas = new Map(swept.map(({ beta, style }) => [beta, style] as const).sort(([a], [b]) => a - b));
  const methods = new Map(swept.map(({ method, style }) => [method, style] as const));
  if (betas.size < 2 || swept.length < curves.length) return traces;
  return [
    ...traces.map((trace) => ({ ...trace, showlegend: false })),
    ...[...methods].map(([name, { color, dash }]) => key(name, { mode: "lines", line: { color, dash, width: 2 } })),
    ...[...betas].map(([beta, { symbol }]) =>
      key(`beta ${beta}`, {
        mode: "markers",
        marker: { symbol, size: 8, color: ink.text, line: { color: ink.text, width: 1.5 } },
      }),
    ),
  ];
}

/** An entry of the legend that belongs to no curve of its own. */
function key(name: string, look: Trace): Trace {
  return { type: "scatter", name, legendgroup: "keys", x: [null], y: [null], hoverinfo: "skip", ...look };
}

interface KlDot {
  readonly kl: Interval;
  readonly gain: Interval;
  readonly text: string;
}

function dotOf(point: CurvePoint, sft: CurvePoint): KlDot | undefined {
  const difference = point.kl && pairedDifference(point, sft);
  if (!point.kl || !difference) return undefined;
  const gain = percentages(difference);
  const text = `round ${point.round}: ${gain.value.toFixed(1)} points at ${point.kl.value.toFixed(3)} nats`;
  return { kl: point.kl, gain, text };
}

/** Cut at the smallest divergence that is drawn. */
function onAxis({ value, low, high }: Interval): Interval {
  return {
    value: Math.max(smallestKl, value),
    low: Math.max(smallestKl, low),
    high: Math.max(smallestKl, high),
  };
}

import type { RunRecord } from "../experiments/index.js";
import { type ArmCurve, armCurves, type CurvePoint, lastPoint, pairedDifference, sftCurve } from "../results/index.js";
import { percentages } from "./curve-traces.js";
import type { Figure, Trace } from "./figure.js";
import { methodLine } from "./theme.js";

/** Estimates of the divergence below this, negative ones among them, are drawn here: the axis is logarithmic. In nats. */
const smallestKl = 0.005;

const decades = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50];

/**
 * What moving away from SFT buys (figure 3b): gain in test accuracy over SFT, in points with paired 95 % intervals, against the
 * divergence from SFT in nats an answer. Lines go from round to round.
 */
export function accuracyByKl(run: RunRecord): Figure {
  const curves = armCurves(run).filter(({ points }) => points.some(({ kl }) => kl !== null));
  const clipped = curves.some(({ points }) => points.some(({ kl }) => kl !== null && kl.value < smallestKl));
  const note = clipped ? ` (below ${smallestKl} drawn at ${smallestKl})` : "";
  return {
    data: curves.flatMap((curve) => gainTrace(run, curve)),
    layout: {
      title: { text: "Gain over SFT against divergence from SFT" },
      height: 480,
      xaxis: { title: { text: `KL from SFT, nats an answer${note}` }, type: "log", tickvals: decades },
      yaxis: { title: { text: "gain in test accuracy (points)" }, zeroline: true, zerolinecolor: "#444444" },
    },
  };
}

function gainTrace(run: RunRecord, { arm, points }: ArmCurve): readonly Trace[] {
  const sft = sftCurve(run);
  if (sft === undefined) return [];
  const dots = points.flatMap((point) => dotOf(point, lastPoint(sft)) ?? []);
  const { x, y, text } = {
    x: dots.map(({ kl }) => kl),
    y: dots.map(({ gain }) => gain),
    text: dots.map(({ text }) => text),
  };
  return dots.length === 0 ? [] : [{ ...methodLine(arm, x, y), mode: "lines+markers", text, hovertemplate: "%{text}" }];
}

function dotOf(
  point: CurvePoint,
  sft: CurvePoint,
): { kl: number; gain: ReturnType<typeof percentages>; text: string } | undefined {
  const difference = point.kl && pairedDifference(point, sft);
  if (!point.kl || !difference) return undefined;
  const gain = percentages(difference);
  const text = `round ${point.round}: ${gain.value.toFixed(1)} points at ${point.kl.value.toFixed(3)} nats`;
  return { kl: Math.max(smallestKl, point.kl.value), gain, text };
}

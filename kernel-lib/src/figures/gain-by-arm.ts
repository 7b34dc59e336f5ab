import type { RunRecord } from "../experiments/index.js";
import { armCurves, type Interval, lastPoint, pairedDifference, sftCurve } from "../results/index.js";
import { percentages } from "./curve-traces.js";
import type { Figure, Trace } from "./figure.js";
import { heading, pairedBars } from "./heading.js";
import { looksOf } from "./looks.js";
import type { MethodStyle } from "./method-style.js";
import { missingArms } from "./missing-arms.js";
import { errorBars, ink } from "./theme.js";

interface Gain {
  readonly arm: string;
  /** With the round after it, where the arm has rounds. */
  readonly label: string;
  /** Points of test accuracy. */
  readonly gain: Interval;
}

/**
 * What every arm gains over SFT at its last round, one line an arm: paired differences in points of test accuracy with their 95 % intervals.
 * An interval that leaves out 0 is a difference that these questions and seeds show.
 *
 * @throws LabError `input-missing` for a run with nothing but SFT, or without it.
 * @example
 * display(run.figure("gain-by-arm"));
 */
export function gainByArm(run: RunRecord): Figure {
  const gains = gainsOf(run);
  if (gains.length === 0) throw missingArms(run, "SFT and other arms", ({ arms }) => arms.length > 1);
  const look = looksOf(run);
  const places = gains.map((_, i) => i);
  return {
    data: [zeroLine(gains.length), ...gains.map((gain, place) => gainTrace(gain, place, look(gain.arm)))],
    layout: {
      title: heading("Gain over SFT at the last round", run, pairedBars),
      height: 150 + 24 * gains.length,
      showlegend: false,
      xaxis: { title: { text: "gain (points)" } },
      yaxis: {
        ...{ tickvals: places, ticktext: gains.map(({ label }) => label), range: [gains.length - 0.5, -0.5] },
        ...{ ticks: "", showgrid: true },
      },
    },
  };
}

function gainsOf(run: RunRecord): readonly Gain[] {
  return armCurves(run).flatMap((curve) => {
    const sft = sftCurve(run, curve.arm);
    if (sft === undefined) return [];
    const last = lastPoint(curve);
    const gain = curve === sft ? null : pairedDifference(last, lastPoint(sft));
    const label = last.round === 0 ? curve.arm : `${curve.arm}, round ${last.round}`;
    return gain === null ? [] : [{ arm: curve.arm, label, gain: percentages(gain) }];
  });
}

function gainTrace({ arm, gain }: Gain, place: number, { color, symbol }: MethodStyle): Trace {
  return {
    ...{ type: "scatter", mode: "markers", name: arm, x: [gain.value], y: [place] },
    error_x: errorBars([gain], color),
    marker: { color, symbol, size: 8, line: { color, width: 1.5 } },
    hovertemplate: "%{x:.1f}",
  };
}

function zeroLine(count: number): Trace {
  return {
    ...{ type: "scatter", mode: "lines", x: [0, 0], y: [-0.5, count - 0.5], hoverinfo: "skip" },
    line: { color: ink.zero, width: 1 },
  };
}

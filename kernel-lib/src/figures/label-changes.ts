import type { RunRecord } from "../experiments/index.js";
import type { ArmCurve, Interval } from "../results/index.js";
import { lastRound, translucent } from "./curve-traces.js";
import type { Figure, Trace } from "./figure.js";
import { seedsHeading } from "./heading.js";
import { missingLabels, refinedCurves } from "./label-accuracy.js";
import { looksOf } from "./looks.js";
import { errorBars, heightFor, ink } from "./theme.js";

/** Share of a round's width that its bars take. */
const roundWidth = 0.8;

/** How much of a method's colour bars have: marks of the net effect must be seen on the darkest. */
const [filled, pale] = [0.62, 0.18];

/**
 * What each round of refinement did to the labels: upwards those that were wrong and became right, downwards those that were right and
 * became wrong, and the net effect marked. Numbers of labels, means over seeds; lines are the range of the net effect over seeds.
 *
 * @throws LabError `input-missing` for a run that refines no labels, or whose labels nobody can say to be correct.
 */
export function labelChanges(run: RunRecord): Figure {
  const curves = refinedCurves(run);
  if (curves.length === 0) throw missingLabels(run);
  const look = looksOf(run);
  const width = roundWidth / curves.length;
  const bars = curves.map((curve, index): ArmBars => {
    const shift = (index - (curves.length - 1) / 2) * width;
    return {
      curve,
      x: curve.points.map(({ round }) => round + shift),
      width: 0.9 * width,
      color: look(curve.arm).color,
    };
  });
  const last = lastRound(curves);
  const data = [
    ...bars.map(fixedBars),
    ...bars.map(brokenBars),
    key("fixed", true),
    key("broken", false),
    netMarks(run, bars),
  ];
  return {
    data,
    layout: {
      title: seedsHeading("Labels that a round fixed and broke", run, "means over seeds, net with its range"),
      height: heightFor(data, 460),
      barmode: "overlay",
      xaxis: { title: { text: "round" }, tickvals: rounds(last), range: [0.5, last + 0.5], showgrid: false },
      yaxis: { title: { text: "labels: fixed up, broken down" }, zeroline: true, zerolinecolor: ink.zero },
    },
  };
}

const rounds = (last: number): readonly number[] => Array.from({ length: last }, (_, i) => i + 1);

/** The bars of an arm, one a round. */
interface ArmBars {
  readonly curve: ArmCurve;
  readonly x: readonly number[];
  readonly width: number;
  readonly color: string;
}

function fixedBars({ curve: { arm, points }, x, width, color }: ArmBars): Trace {
  return {
    ...{ type: "bar", name: arm, legendgroup: arm, x, y: points.map(({ fixed }) => fixed!), width },
    marker: { color: translucent(color, filled), line: { color, width: 1 } },
    ...hover(points, "fixed"),
  };
}

function brokenBars({ curve: { arm, points }, x, width, color }: ArmBars): Trace {
  return {
    ...{
      type: "bar",
      name: arm,
      legendgroup: arm,
      showlegend: false,
      x,
      y: points.map(({ broken }) => -broken!),
      width,
    },
    marker: { color: translucent(color, pale), line: { color, width: 1 } },
    ...hover(points, "broken"),
  };
}

function hover(points: ArmCurve["points"], word: "fixed" | "broken"): Trace {
  return {
    text: points.map((point) => `round ${point.round}: ${Math.round(point[word]!)} ${word}`),
    hovertemplate: "%{text}",
    textposition: "none",
  };
}

/** An entry of the legend for what filled and pale bars are. */
function key(name: string, isFilled: boolean): Trace {
  const marker = { color: translucent(ink.chance, isFilled ? filled : pale), line: { color: ink.chance, width: 1 } };
  return { type: "bar", name, legendgroup: "key", x: [null], y: [null], marker };
}

function netMarks(run: RunRecord, bars: readonly ArmBars[]): Trace {
  const nets = bars.flatMap(({ curve }) => curve.points.map(({ round }) => netOf(run, curve.arm, round)));
  return {
    ...{ type: "scatter", mode: "markers", name: "net", legendgroup: "key", x: bars.flatMap(({ x }) => x) },
    ...{ y: nets.map(({ value }) => value), error_y: errorBars(nets, ink.text), hovertemplate: "net %{y:.0f}" },
    marker: { color: "#FFFFFF", symbol: "diamond", size: 8, line: { color: ink.text, width: 1.5 } },
  };
}

/** Fixed minus broken: the mean over seeds, and their range. */
function netOf({ points }: RunRecord, arm: string, round: number): Interval {
  const nets = points.flatMap((point) =>
    point.arm === arm && point.round === round && point.fixed !== null && point.broken !== null
      ? [point.fixed - point.broken]
      : [],
  );
  const value = nets.reduce((sum, net) => sum + net, 0) / nets.length;
  return { value, low: Math.min(...nets), high: Math.max(...nets) };
}

import { type Json, sha256 } from "../core/index.js";
import type { Interval } from "../results/index.js";
import type { Layout, Trace } from "./figure.js";
import { fontFamily } from "./font.js";
import type { MethodStyle } from "./method-style.js";
import { reviewersStyles } from "./reviewers-styles.js";

/**
 * Okabe and Ito's colours, with four of Paul Tol's that stay apart from them under colour blindness. Without colour: ILR's lines are
 * solid with round markers, DPO's are broken with triangles.
 */
const styles: { readonly [method: string]: MethodStyle } = {
  "Weak supervisor": { color: "#999999", symbol: "x", dash: "dot" },
  SFT: { color: "#000000", symbol: "square", dash: "longdash" },
  "SFT on ground truth": { color: "#009E73", symbol: "star", dash: "longdashdot" },
  "ILR (evaluator)": { color: "#0072B2", symbol: "circle", dash: "solid" },
  "ILR (noisy oracle 0.75)": { color: "#332288", symbol: "hexagon", dash: "solid" },
  "ILR (oracle)": { color: "#56B4E9", symbol: "circle-open", dash: "solid" },
  "Naive ILR": { color: "#CC79A7", symbol: "diamond", dash: "solid" },
  "DPO (evaluator)": { color: "#D55E00", symbol: "triangle-up", dash: "dash" },
  "DPO (evaluator, as released)": { color: "#882255", symbol: "triangle-down", dash: "dash" },
  "DPO (noisy oracle 0.75)": { color: "#7A7A1F", symbol: "triangle-left", dash: "dashdot" },
  "DPO (oracle)": { color: "#E69F00", symbol: "triangle-up-open", dash: "dot" },
};

const named: { readonly [method: string]: MethodStyle } = Object.assign({}, ...Object.values(reviewersStyles), styles);

const spareColors = ["#117733", "#AA4499", "#44AA99", "#B8860B", "#6699CC", "#661100", "#5D3A9B", "#4B5320"] as const;
const spareSymbols = [
  "cross",
  "pentagon",
  "square-open",
  "diamond-open",
  "triangle-right",
  "hourglass",
  "bowtie",
] as const;
const spareDashes = ["solid", "dash", "dashdot"] as const;

/** Names of the main experiment, each with a look of its own, in the order in which legends list them. */
export const namedMethods: readonly string[] = Object.keys(styles);

/**
 * The look of a method. The same name always looks the same; a name that is not in the paper gets a look derived from the name.
 *
 * @example
 * methodStyle("ILR (evaluator)"); // { color: "#0072B2", symbol: "circle", dash: "solid" }
 */
export function methodStyle(method: string): MethodStyle {
  const known = Object.hasOwn(named, method) ? named[method] : undefined;
  if (known !== undefined) return known;
  const hash = Number.parseInt(sha256(method).slice(0, 8), 16);
  const color = spareColors[hash % spareColors.length]!;
  const symbol = spareSymbols[Math.floor(hash / 8) % spareSymbols.length]!;
  const dash = spareDashes[Math.floor(hash / 64) % spareDashes.length]!;
  return { color, symbol, dash };
}

/** Plotly's `error_y` for intervals: bars from `low` to `high`. */
export function errorBars(
  intervals: readonly Interval[],
  color?: string,
): { readonly [key: string]: Json | undefined } {
  return {
    type: "data",
    symmetric: false,
    array: intervals.map(({ value, high }) => high - value),
    arrayminus: intervals.map(({ value, low }) => value - low),
    thickness: 1.2,
    width: 3,
    ...(color === undefined ? {} : { color }),
  };
}

/**
 * A method's line with intervals, in the method's look.
 *
 * @example
 * methodLine("SFT", [0, 1], [{ value: 0.31, low: 0.28, high: 0.34 }, { value: 0.33, low: 0.3, high: 0.36 }]);
 */
export function methodLine(method: string, x: readonly (number | string)[], y: readonly Interval[]): Trace {
  const { color, symbol, dash } = methodStyle(method);
  return {
    type: "scatter",
    mode: y.length > 1 ? "lines+markers" : "markers",
    name: method,
    legendgroup: method,
    x,
    y: y.map(({ value }) => value),
    error_y: errorBars(y, color),
    line: { color, dash, width: 2 },
    marker: { color, symbol, size: 8, line: { color, width: 1.5 } },
  };
}

const axis = {
  showgrid: true,
  gridcolor: "#E6E6E6",
  zeroline: false,
  showline: true,
  linecolor: "#444444",
  ticks: "outside",
  tickcolor: "#444444",
  ticklen: 4,
  automargin: true,
  title: { standoff: 8, font: { size: 14 } },
} as const;

/** A template, so that all axes and later changes in a notebook keep the look. */
const template = {
  layout: {
    paper_bgcolor: "white",
    plot_bgcolor: "white",
    // The other fonts have Arimo's widths, for viewers without Arimo.
    font: { family: `${fontFamily}, Arial, Helvetica, Liberation Sans, sans-serif`, size: 13, color: "#222222" },
    title: { font: { size: 16 }, x: 0.02, xanchor: "left" },
    margin: { l: 64, r: 24, t: 56, b: 56 },
    legend: { bgcolor: "rgba(255,255,255,0.8)", borderwidth: 0 },
    colorway: ["#0072B2", "#D55E00", "#000000", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#332288"],
    xaxis: axis,
    yaxis: axis,
  },
} as const;

/**
 * A layout in the house look: white, light grid, one font. What the given layout says wins. A title may be a bare string, on the
 * figure and on its axes, which plotly itself no longer takes.
 *
 * @example
 * themedLayout({ title: "Test accuracy", xaxis: { title: "round" } });
 */
export function themedLayout(layout: Layout): Layout {
  return { template, ...(withTitles(layout) as Layout) };
}

function withTitles(value: Json | undefined): Json | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const members = Object.entries(value as { readonly [key: string]: Json | undefined });
  return Object.fromEntries(
    members.map(([key, member]) => [
      key,
      key === "title" && typeof member === "string" ? { text: member } : withTitles(member),
    ]),
  ) as Json;
}

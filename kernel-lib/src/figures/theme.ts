import type { Json } from "../core/index.js";
import type { Interval } from "../results/index.js";
import type { Layout, Trace } from "./figure.js";
import { fontFamily } from "./font.js";
import { methodStyle } from "./looks.js";
import type { MethodStyle } from "./method-style.js";

/** Colours of what is no method: text, quiet text, and the lines of zero and of chance. */
export const ink = { text: "#222222", quiet: "#5A5A5A", zero: "#444444", chance: "#777777" } as const;

/** Plotly's `error_x` or `error_y` for intervals: bars from `low` to `high`. */
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
 * @param style a look of its own in place of that of the method's name.
 * @example
 * methodLine("SFT", [0, 1], [{ value: 0.31, low: 0.28, high: 0.34 }, { value: 0.33, low: 0.3, high: 0.36 }]);
 */
export function methodLine(
  method: string,
  x: readonly (number | string)[],
  y: readonly Interval[],
  style: MethodStyle = methodStyle(method),
): Trace {
  const { color, symbol, dash } = style;
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
    font: { family: `${fontFamily}, Arial, Helvetica, Liberation Sans, sans-serif`, size: 13, color: ink.text },
    title: {
      font: { size: 16 },
      subtitle: { font: { size: 12, color: ink.quiet } },
      ...{ x: 0.02, xanchor: "left" },
      ...{ yref: "container", y: 1, yanchor: "top", pad: { t: 16 } },
    },
    margin: { l: 64, r: 24, t: 72, b: 56 },
    legend: { bgcolor: "rgba(255,255,255,0.8)", borderwidth: 0, tracegroupgap: 3 },
    colorway: ["#0072B2", "#D55E00", "#000000", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#332288"],
    xaxis: axis,
    yaxis: axis,
  },
} as const;

/** Height in px that a legend at the side needs, or what the plot has anyway, so that no entry is cut off. */
export function heightFor(data: readonly Trace[], least: number): number {
  const entries = data.filter(({ name, showlegend }) => name !== undefined && showlegend !== false).length;
  return Math.max(least, 140 + 23 * entries);
}

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

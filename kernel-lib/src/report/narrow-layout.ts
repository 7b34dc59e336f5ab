import type { Figure, Layout } from "../figures/index.js";
import { isRecord } from "./metadata.js";

/** Sizes for a screen of about 360 px, in px. */
const plotHeight = 250;
const legendLine = 20;
/** A line of text at an axis. */
const tickLine = 20;
const margin = { l: 48, r: 12, t: 36 };
/** Ticks and title of an axis below its plot. */
const axisHeight = 56;
/** Share of the height between plots that stand one above the other. */
const gap = 0.22;

type Domain = readonly [number, number];

/** An x axis that takes a part of the width, and the y axis that stands at it. */
interface Column {
  readonly x: string;
  readonly y: string;
  readonly domain: Domain;
}

/**
 * What changes in a figure's layout on a phone: plots that stand side by side come one above the other, the legend goes below with an
 * entry a line, the title is left to the caption, and a finger scrolls the page instead of zooming the plot.
 *
 * @example
 * narrowLayout({ data: [{ y: [1, 2], name: "SFT" }], layout: { title: { text: "Accuracy" } } }).title; // { text: "" }
 */
export function narrowLayout({ data, layout = {} }: Figure): Layout {
  const columns = sideBySide(layout);
  const rows = Math.max(1, columns.length);
  const names = new Set(data.filter(({ showlegend }) => showlegend !== false).map(({ name }) => String(name ?? "")));
  const hasLegend = layout.showlegend !== false && names.size > 1;
  const bottom = axisHeight + (hasLegend ? names.size * legendLine : 0);
  const plots = Math.max(rows * plotHeight, tickLine * namedTicks(layout), stackHeight(layout));
  const height = plots + (rows - 1) * axisHeight + margin.t + bottom;
  const place = { orientation: "v", yref: "container", y: 0, yanchor: "bottom", x: 0, xanchor: "left" };
  const legend = { ...place, tracegroupgap: 0, maxheight: 1 };
  return {
    ...(layout.title === undefined ? {} : { title: { text: "" } }),
    ...fixedAxes(layout),
    ...stacked(layout, columns),
    ...(hasLegend ? { legend: { ...legend, font: { size: 12 } } } : {}),
    ...{ height, margin: { ...margin, b: bottom }, dragmode: false },
  };
}

/** Axes that share the width between them, from left to right; empty where plots share it in another way. */
function sideBySide(layout: Layout): readonly Column[] {
  const columns = axes(layout, "x").flatMap((x): Column[] => {
    const axis = layout[x];
    const domain = isRecord(axis) ? axis.domain : undefined;
    if (!isDomain(domain)) return [];
    const anchor = isRecord(axis) && typeof axis.anchor === "string" ? axis.anchor : x.replace("xaxis", "y");
    return [{ x, y: anchor.replace(/^y/, "yaxis"), domain }];
  });
  columns.sort((a, b) => a.domain[0] - b.domain[0]);
  const apart = columns.every(({ domain }, i) => i === 0 || domain[0] >= columns[i - 1]!.domain[1]);
  const full = axes(layout, "y").every((y) => !(isRecord(layout[y]) && "domain" in (layout[y] as object)));
  return columns.length > 1 && apart && full ? columns : [];
}

function stacked(layout: Layout, columns: readonly Column[]): Layout {
  if (columns.length === 0) return {};
  const share = (1 - gap * (columns.length - 1)) / columns.length;
  const rows = columns.map((_, i): Domain => {
    const top = 1 - i * (share + gap);
    return [Math.max(0, top - share), top];
  });
  const moved = columns.flatMap(({ x, y }, i) => [
    [x, { ...(layout[x] as object), domain: [0, 1], fixedrange: true }],
    [y, { ...(layout[y] as object | undefined), domain: rows[i]!, fixedrange: true }],
  ]);
  const annotations = Array.isArray(layout.annotations)
    ? layout.annotations.map((note) => moveNote(note, columns, rows))
    : [];
  return { ...(Object.fromEntries(moved) as Layout), ...(annotations.length > 0 ? { annotations } : {}) };
}

/** Notes that are placed on the whole figure, such as the plots' titles, go with their plots. */
function moveNote(note: Layout, columns: readonly Column[], rows: readonly Domain[]): Layout {
  const { x, y, xref, yref } = note;
  if (typeof x !== "number" || typeof y !== "number" || xref !== "paper" || yref !== "paper") return note;
  const i = columns.findLastIndex(({ domain }) => x >= domain[0] - 0.02);
  if (i < 0) return note;
  const [from, to] = columns[i]!.domain;
  const [bottom, top] = rows[i]!;
  return { ...note, x: Math.min(1, Math.max(0, (x - from) / (to - from))), y: bottom + y * (top - bottom) };
}

/** How many places of the y axis have a name of their own. */
function namedTicks({ yaxis }: Layout): number {
  return isRecord(yaxis) && Array.isArray(yaxis.ticktext) ? yaxis.ticktext.length : 0;
}

/** Plots that stand one above the other anyway, each with its part of the height, need as much of it as on a wide page. */
function stackHeight(layout: Layout): number {
  const parts = axes(layout, "y").filter((y) => isRecord(layout[y]) && isDomain(layout[y].domain));
  const inAll = typeof layout.height === "number" ? layout.height - margin.t - axisHeight : 0;
  return parts.length > 1 ? inAll : 0;
}

function fixedAxes(layout: Layout): Layout {
  const names = new Set(["xaxis", "yaxis", ...axes(layout, "x"), ...axes(layout, "y")]);
  return Object.fromEntries(
    [...names].map((name) => [name, { ...(layout[name] as object), fixedrange: true }]),
  ) as Layout;
}

function axes(layout: Layout, letter: "x" | "y"): readonly string[] {
  return Object.keys(layout).filter((key) => new RegExp(`^${letter}axis\\d*$`).test(key));
}

function isDomain(value: unknown): value is Domain {
  return Array.isArray(value) && value.length === 2 && value.every((end) => typeof end === "number");
}

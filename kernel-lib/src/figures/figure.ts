import type { Json } from "../core/index.js";

/** One plotly trace as plain JSON (`type`, `x`, `y`, ...). */
export type Trace = { readonly [key: string]: Json | undefined };

/** A plotly layout as plain JSON (`title`, `xaxis`, ...). */
export type Layout = { readonly [key: string]: Json | undefined };

/**
 * A figure: what plotly draws, as plain JSON, so that it can be stored, compared and put into a notebook.
 *
 * @example
 * const figure: Figure = { data: [{ type: "scatter", x: [0, 1], y: [0.2, 0.4] }], layout: { title: { text: "Accuracy" } } };
 */
export interface Figure {
  readonly data: readonly Trace[];
  readonly layout?: Layout;
}

/** True for values shaped like a plotly figure: an object with an array `data` of objects. */
export function isFigure(value: unknown): value is Figure {
  if (typeof value !== "object" || value === null || !("data" in value)) return false;
  const { data, layout } = value as { data: unknown; layout?: unknown };
  const isRecord = (item: unknown): boolean => typeof item === "object" && item !== null && !Array.isArray(item);
  return Array.isArray(data) && data.every(isRecord) && (layout === undefined || isRecord(layout));
}

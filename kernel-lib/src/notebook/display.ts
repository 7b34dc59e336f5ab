import { randomUUID } from "node:crypto";
import { inspect } from "node:util";
import { LabError } from "../core/index.js";
import { type Figure, figureToSvg, isFigure, svgToPng, themedLayout } from "../figures/index.js";
import { sendToNotebook } from "./channel.js";
import type { MimeBundle } from "./nbformat.js";
import { isTable, tableHtml, tableText } from "./table-view.js";

/** Text that a notebook shows as Markdown. */
export interface Markdown {
  readonly markdown: string;
}

export interface DisplayOptions {
  /** Rows of a table that are shown. Default: 20. */
  readonly rows?: number;
}

/** A display whose content can be replaced. */
export interface LiveDisplay {
  /** Shows something else in the same place. */
  update(value: unknown): void;
}

/** A value in every form that a notebook may want. */
export interface Rendered {
  readonly data: MimeBundle & { readonly "text/plain": string };
  readonly metadata: MimeBundle;
}

/**
 * Shows a value in the notebook: figures as interactive plotly with an SVG and a PNG beside it, tables as HTML, `markdown(...)` as
 * Markdown, anything else as text. Outside a notebook it prints the text. No `await` is needed.
 *
 * @throws LabError `config-invalid` for a figure that plotly cannot draw.
 * @example
 * display({ data: [{ type: "scatter", x: [0, 1], y: [0.3, 0.4] }] });
 * display(run.frame("rounds"), { rows: 100 });
 */
export function display(value: unknown, options: DisplayOptions = {}): void {
  const rendered = render(value, options);
  if (!sendToNotebook({ ...rendered, transient: {} }, false)) process.stdout.write(`${rendered.data["text/plain"]}\n`);
}

/**
 * Shows a value that changes in place, such as a line of progress. On a terminal the line is rewritten; where output is a file, each
 * update is a line.
 *
 * @example
 * const line = displayLive("starting");
 * line.update("round 1 of 3");
 */
export function displayLive(value: unknown, options: DisplayOptions = {}): LiveDisplay {
  const transient = { display_id: randomUUID() };
  let shown = false;
  const show = (next: unknown): void => {
    const rendered = render(next, options);
    if (!sendToNotebook({ ...rendered, transient }, shown)) rewriteLine(rendered.data["text/plain"], shown);
    shown = true;
  };
  show(value);
  return { update: show };
}

/** Text for `display` to show as Markdown. */
export function markdown(text: string): Markdown {
  return { markdown: text };
}

/** The forms in which `display` shows a value. */
export function render(value: unknown, options: DisplayOptions = {}): Rendered {
  const rows = options.rows ?? 20;
  if (typeof value === "string") return bundle({ "text/plain": value });
  if (isTable(value)) return bundle({ "text/html": tableHtml(value, rows), "text/plain": tableText(value, rows) });
  if (isMarkdown(value)) return bundle({ "text/markdown": value.markdown, "text/plain": value.markdown });
  if (hasHtml(value)) return bundle({ "text/html": value.toHTML(), "text/plain": plainText(value) });
  if (isFigure(value)) return renderFigure(value);
  return bundle({ "text/plain": plainText(value) });
}

function renderFigure(figure: Figure): Rendered {
  const plotly = { data: figure.data, layout: themedLayout(figure.layout ?? {}) };
  const summary = figureSummary(figure);
  try {
    const svg = figureToSvg(figure);
    const png = svgToPng(svg, 2);
    const data = {
      "application/vnd.plotly.v1+json": plotly,
      "image/svg+xml": svg,
      "image/png": Buffer.from(png.bytes).toString("base64"),
      "text/plain": summary,
    };
    return { data, metadata: { "image/png": { width: png.width / 2, height: png.height / 2 } } };
  } catch (error) {
    if (!(error instanceof LabError) || error.code !== "unsupported") throw error;
    // The interactive picture is right; where only text or images are shown, words must take its place.
    const note = `${summary}\n(no static picture: ${error.message}; ${error.hint})`;
    return bundle({ "application/vnd.plotly.v1+json": plotly, "text/plain": note });
  }
}

function figureSummary(figure: Figure): string {
  const title = figure.layout?.title;
  const text = typeof title === "object" && title !== null && "text" in title ? title.text : title;
  const names = figure.data.map((trace, i) => String(trace.name ?? `${trace.type ?? "scatter"} ${i}`));
  return `Figure${typeof text === "string" ? ` "${text}"` : ""}: ${names.join(", ")}`;
}

function bundle(data: Rendered["data"]): Rendered {
  return { data, metadata: {} };
}

function plainText(value: unknown): string {
  return inspect(value, { depth: 4, breakLength: 100, colors: false });
}

function isMarkdown(value: unknown): value is Markdown {
  return typeof value === "object" && value !== null && typeof (value as Partial<Markdown>).markdown === "string";
}

function hasHtml(value: unknown): value is { toHTML(): string } {
  return typeof (value as { toHTML?: unknown } | null | undefined)?.toHTML === "function";
}

function rewriteLine(text: string, again: boolean): void {
  if (!process.stdout.isTTY || text.includes("\n")) process.stdout.write(`${text}\n`);
  else process.stdout.write(again ? `\x1b[1A\r\x1b[2K${text}\n` : `${text}\n`);
}

import { randomUUID } from "node:crypto";
import { inspect } from "node:util";
import { isFigure } from "../figures/index.js";
import { openChannel } from "./channel.js";
import { danfoTable } from "./danfo-table.js";
import { type DisplayOptions, displaySymbol, isDisplayable, type Rendered } from "./displayable.js";
import { displayPicture, figureForms } from "./figure-view.js";
import { type DisplayMetadata, described, provenanceOf } from "./provenance.js";
import { isTable, tableHtml, tableText } from "./table-view.js";
import { visibleText } from "./views/html.js";

/** Text that a notebook shows as Markdown. */
export interface Markdown {
  readonly markdown: string;
}

/** A display whose content can be replaced. */
export interface LiveDisplay {
  /** Shows something else in the same place. */
  update(value: unknown): void;
}

/**
 * Shows a value in the notebook: figures as interactive plotly with an SVG and a PNG beside it, tables (Arquero's and danfo's) as HTML with their
 * columns' types, runs as a card, verdicts, answers and label changes as tables, `markdown(...)` as Markdown, anything else as text. Outside
 * a notebook it prints the text. No `await` is needed: a figure that only a browser can draw is shown interactive at once, and its
 * picture follows into the same output.
 *
 * @throws LabError `config-invalid` for a figure that plotly cannot draw.
 * @example
 * display({ data: [{ type: "scatter", x: [0, 1], y: [0.3, 0.4] }] });
 * display(run);
 * display(run.frame("rounds"), { rows: 100 });
 */
export function display(value: unknown, options: DisplayOptions = {}): void {
  const rendered = render(value, options);
  const channel = openChannel();
  if (channel === undefined) process.stdout.write(`${rendered.data["text/plain"]}\n`);
  else if (!displayPicture(value, rendered, channel)) channel.send({ ...rendered, transient: {} }, false);
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
  const channel = openChannel();
  let shown = false;
  const show = (next: unknown): void => {
    const rendered = render(next, options);
    if (channel === undefined) rewriteLine(rendered.data["text/plain"], shown);
    else channel.send({ ...rendered, transient }, shown);
    shown = true;
  };
  show(value);
  return { update: show };
}

/** Text for `display` to show as Markdown. */
export function markdown(text: string): Markdown {
  return { markdown: text };
}

/**
 * The forms in which `display` shows a value, with what it is and where it comes from under `ilr-lab` in the metadata. Values with a
 * method `Symbol.for("ilr-lab.display")` say themselves how they are shown.
 */
export function render(value: unknown, options: DisplayOptions = {}): Rendered {
  const rows = options.rows ?? 20;
  const [rendered, metadata] = formsOf(value, rows);
  return described(rendered, metadata, provenanceOf(value));
}

function formsOf(value: unknown, rows: number): readonly [Rendered, DisplayMetadata] {
  const plain = (): string => visibleText(plainText(value));
  if (isDisplayable(value)) return [value[displaySymbol]({ rows }), {}];
  const table = isTable(value) ? value : danfoTable(value);
  if (table) {
    const data = { "text/html": tableHtml(table, rows), "text/plain": tableText(table, rows) };
    return [bundle(data), { kind: "table" }];
  }
  if (isMarkdown(value)) return [bundle({ "text/markdown": value.markdown, "text/plain": plain() }), {}];
  if (hasHtml(value)) return [bundle({ "text/html": value.toHTML(), "text/plain": plain() }), {}];
  if (isFigure(value)) return [figureForms(value), { kind: "figure" }];
  return [bundle({ "text/plain": plain() }), {}];
}

function bundle(data: Rendered["data"]): Rendered {
  return { data, metadata: {} };
}

function plainText(value: unknown): string {
  if (typeof value === "string") return value;
  return isMarkdown(value) ? value.markdown : inspect(value, { depth: 4, breakLength: 100, colors: false });
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

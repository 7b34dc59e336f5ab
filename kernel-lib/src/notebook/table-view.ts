import { columnDoc } from "../results/index.js";
import { type Html, html, visibleText } from "./views/html.js";
import { styles } from "./views/style.js";

/** What display needs of a table; Arquero's tables have it. */
export interface TableLike {
  columnNames(): string[];
  numRows(): number;
  /** The value of a column in a row, in the table's order, its filters applied. */
  get(name: string, row?: number): unknown;
}

/** True for Arquero tables and whatever else can be read like one. */
export function isTable(value: unknown): value is TableLike {
  const table = value as Partial<TableLike> | null;
  return (
    typeof table === "object" &&
    table !== null &&
    [table.columnNames, table.numRows, table.get].every((method) => typeof method === "function")
  );
}

/** What a column holds: one type, `mixed` for several, `empty` where every value is missing. */
export type ColumnType = "number" | "text" | "boolean" | "date" | "list" | "object" | "mixed" | "empty";

interface Column {
  readonly name: string;
  readonly type: ColumnType;
  /** What the column means, where somebody said so. */
  readonly about?: string;
  readonly cells: readonly string[];
}

interface View {
  readonly columns: readonly Column[];
  readonly shown: number;
  readonly total: number;
}

/** Rows that are looked at for a column's type. */
const typedRows = 1000;

/**
 * A table as HTML, each column's type under its name and, where the frame has docs, its meaning and unit in a tooltip: everything in it is
 * escaped, column names too (Arquero's own `toHTML` leaves them as they are).
 *
 * @param limit rows shown; a last line says how many there are.
 */
export function tableHtml(table: TableLike, limit: number): string {
  const view = viewOf(table, limit);
  const rows = Array.from(
    { length: view.shown },
    (_, row) =>
      html`<tr>${view.columns.map((column) => html`<td style="${alignment(column)}">${column.cells[row]}</td>`)}</tr>`,
  );
  const hint = hintOf(view);
  return html`<table>
<thead><tr>${view.columns.map(headCell)}</tr></thead>
<tbody>
${rows}
</tbody>
</table>${
    hint !== undefined &&
    html`
<p><em>${hint}</em></p>`
  }`.toString();
}

/** A table as aligned text. */
export function tableText(table: TableLike, limit: number): string {
  const view = viewOf(table, limit);
  const columns = view.columns.map((column) => {
    const oneLine = [column.name, ...column.cells].map((text) => visibleText(text).replaceAll(/\s*\n\s*/g, " ⏎ "));
    const width = Math.max(...oneLine.map((text) => [...text].length));
    return oneLine.map((text) => {
      const padding = " ".repeat(width - [...text].length);
      return column.type === "number" ? padding + text : text + padding;
    });
  });
  const lines = Array.from({ length: view.shown + 1 }, (_, row) =>
    columns
      .map((cells) => cells[row])
      .join("  ")
      .trimEnd(),
  );
  const hint = hintOf(view);
  return [...lines, ...(hint === undefined ? [] : [hint])].join("\n");
}

/**
 * The type of values, missing ones aside.
 *
 * @example
 * columnType([1, null, 2.5]); // "number"
 */
export function columnType(values: readonly unknown[]): ColumnType {
  const types = new Set(values.filter((value) => value !== null && value !== undefined).map(typeOf));
  const [first] = types;
  return types.size > 1 ? "mixed" : (first ?? "empty");
}

function typeOf(value: unknown): ColumnType {
  if (typeof value === "number" || typeof value === "bigint") return "number";
  if (typeof value === "boolean") return "boolean";
  if (typeof value === "string") return "text";
  if (value instanceof Date) return "date";
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView)) ? "list" : "object";
}

function headCell(column: Column): Html {
  const about = column.about === undefined ? undefined : html` title="${column.about}"`;
  return html`<th style="${alignment(column)}"${about}>${column.name}<br><span style="${styles.small}">${column.type}</span></th>`;
}

function alignment({ type }: Column): string {
  return `text-align:${type === "number" ? "right" : "left"}`;
}

function viewOf(table: TableLike, limit: number): View {
  const total = table.numRows();
  const shown = Math.min(total, limit);
  const columns = table.columnNames().map((name): Column => {
    const values = Array.from({ length: Math.min(total, Math.max(shown, typedRows)) }, (_, row) =>
      table.get(name, row),
    );
    const numberText = numberFormat(values);
    return {
      ...{ name, ...aboutOf(table, name) },
      type: columnType(values),
      cells: values.slice(0, shown).map((value) => cellText(value, numberText)),
    };
  });
  return { columns, shown, total };
}

/** The text over a column's head, where the frame has docs of it. */
function aboutOf(table: TableLike, name: string): Pick<Column, "about"> {
  const doc = columnDoc(table, name);
  return doc ? { about: `${doc.meaning} [${doc.unit}]` } : {};
}

function hintOf({ shown, total }: View): string | undefined {
  if (shown === total) return undefined;
  return `${shown} of ${total} rows; display(table, { rows: ${Math.min(total, 10 * shown)} }) shows more`;
}

function cellText(value: unknown, numberText: (value: number) => string): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return numberText(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "invalid date" : value.toISOString();
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return JSON.stringify(Array.from(value as Uint8Array));
  if (typeof value === "object") return jsonText(value);
  return String(value);
}

/** Values that JSON cannot say (a circle, a bigint) are named only. */
function jsonText(value: object): string {
  try {
    return JSON.stringify(value) ?? "";
  } catch {
    return `[${value.constructor?.name ?? "object"}]`;
  }
}

/** Significant digits that are shown; the frame keeps the rest. */
const significant = 4;

/** How the numbers of a column are written: with equally many decimals where their sizes allow it. */
function numberFormat(values: readonly unknown[]): (value: number) => string {
  const short = (value: number): string =>
    String(Number.isInteger(value) ? value : Number(value.toPrecision(significant)));
  const numbers = values.filter((value): value is number => typeof value === "number" && Number.isFinite(value));
  if (numbers.every((value) => Number.isInteger(value))) return short;
  const sizes = numbers.map(Math.abs);
  const largest = Math.max(...sizes);
  const digits = Math.floor(Math.log10(largest)) + 1;
  const most = Math.min(12, Math.max(0, significant - digits));
  // Where a small number would lose its digits beside a large one, each is written for itself.
  if (largest >= 1e6 || sizes.some((size) => size > 0 && size < 10 ** (1 - most))) return short;
  const decimals = Math.max(
    ...numbers.map(
      (value) =>
        (
          value
            .toFixed(most)
            .replace(/\.?0*$/, "")
            .split(".")[1] ?? ""
        ).length,
    ),
  );
  return (value) => (Number.isFinite(value) ? value.toFixed(decimals) : String(value));
}

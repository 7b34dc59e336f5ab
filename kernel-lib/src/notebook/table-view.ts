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

interface View {
  readonly columns: readonly { readonly name: string; readonly numeric: boolean; readonly cells: readonly string[] }[];
  readonly shown: number;
  readonly total: number;
}

/**
 * A table as HTML: everything in it is escaped, column names too (Arquero's own `toHTML` leaves them as they are).
 *
 * @param limit rows shown; a last line says how many there are.
 */
export function tableHtml(table: TableLike, limit: number): string {
  const view = viewOf(table, limit);
  const cell = (tag: string, text: string, numeric: boolean): string =>
    `<${tag} style="text-align:${numeric ? "right" : "left"}">${escapeHtml(text)}</${tag}>`;
  const head = view.columns.map(({ name, numeric }) => cell("th", name, numeric)).join("");
  const rows = Array.from(
    { length: view.shown },
    (_, row) => `<tr>${view.columns.map(({ cells, numeric }) => cell("td", cells[row]!, numeric)).join("")}</tr>`,
  );
  const hint = hintOf(view);
  const foot = hint === undefined ? "" : `\n<p><em>${escapeHtml(hint)}</em></p>`;
  return `<table>\n<thead><tr>${head}</tr></thead>\n<tbody>\n${rows.join("\n")}\n</tbody>\n</table>${foot}`;
}

/** A table as aligned text. */
export function tableText(table: TableLike, limit: number): string {
  const view = viewOf(table, limit);
  const columns = view.columns.map(({ name, numeric, cells }) => {
    const oneLine = [name, ...cells].map((text) => text.replaceAll(/\s*\n\s*/g, " ⏎ "));
    const width = Math.max(...oneLine.map((text) => [...text].length));
    return oneLine.map((text) => {
      const padding = " ".repeat(width - [...text].length);
      return numeric ? padding + text : text + padding;
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

/** Text for HTML, attributes included. */
export function escapeHtml(text: string): string {
  const entities: { readonly [character: string]: string } = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return text.replaceAll(/[&<>"']/g, (character) => entities[character]!);
}

function viewOf(table: TableLike, limit: number): View {
  const total = table.numRows();
  const shown = Math.min(total, limit);
  const columns = table.columnNames().map((name) => {
    const values = Array.from({ length: shown }, (_, row) => table.get(name, row));
    const present = values.filter((value) => value !== null && value !== undefined);
    const numeric =
      present.length > 0 && present.every((value) => typeof value === "number" || typeof value === "bigint");
    return { name, numeric, cells: values.map(cellText) };
  });
  return { columns, shown, total };
}

function hintOf({ shown, total }: View): string | undefined {
  if (shown === total) return undefined;
  return `${shown} of ${total} rows; display(table, { rows: ${Math.min(total, 10 * shown)} }) shows more`;
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number" && !Number.isInteger(value))
    return Number.isFinite(value) ? shortNumber(value) : String(value);
  if (value instanceof Date) return value.toISOString();
  if (typeof value === "object") return JSON.stringify(value) ?? "";
  return String(value);
}

/** Five significant digits; the frame keeps the rest. */
function shortNumber(value: number): string {
  return String(Number(value.toPrecision(5)));
}

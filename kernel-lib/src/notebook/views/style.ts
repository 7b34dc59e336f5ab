/**
 * Looks that hold on light and on dark ground: text in the notebook's own colour, borders and grounds half transparent, and two colours
 * with a contrast of about four to one on white and on black. Inline, since notebooks drop style sheets; colour is never the
 * only sign, since some readers drop styles too.
 */
export const colors = { good: "#16915f", bad: "#d2541b" } as const;

const line = "1px solid rgba(128,128,128,.35)";

export const styles = {
  card: `border:${line};border-radius:6px;padding:12px 16px;max-width:960px;line-height:1.45`,
  title: "font-weight:600;font-size:1.15em",
  quiet: "opacity:.72",
  small: "font-weight:normal;font-size:.85em;opacity:.72",
  table: "border-collapse:collapse;margin:10px 0",
  wideTable: "border-collapse:collapse;margin:10px 0;width:100%;table-layout:fixed",
  row: `border-top:${line}`,
  left: "text-align:left;vertical-align:top;padding:4px 16px 4px 0",
  right: "text-align:right;vertical-align:top;padding:4px 16px 4px 0;white-space:nowrap",
  /** Text of models: as they wrote it, however long a line is. */
  written: "white-space:pre-wrap;overflow-wrap:anywhere;font-family:monospace;font-size:.95em",
  asked: "white-space:pre-wrap;overflow-wrap:anywhere",
  good: `color:${colors.good};font-weight:600;white-space:nowrap`,
  bad: `color:${colors.bad};font-weight:600;white-space:nowrap`,
  neutral: "opacity:.72;font-weight:600;white-space:nowrap",
  inserted: "background:rgba(22,145,95,.2);text-decoration:underline",
  deleted: "background:rgba(210,84,27,.2);text-decoration:line-through",
} as const;

/** A sign and a word for how something came out. */
export interface Mark {
  readonly glyph: string;
  readonly word: string;
  readonly tone: "good" | "bad" | "neutral";
}

/** A mark as text. */
export function markText({ glyph, word }: Mark): string {
  return `${glyph} ${word}`;
}

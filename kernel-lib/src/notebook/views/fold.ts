import { type Html, html, visibleText } from "./html.js";
import { styles } from "./style.js";

/** Longer texts are folded after their beginning; what is beyond the most is only counted. In characters. */
const folded = { after: 700, showing: 240, most: 20_000 } as const;

/** A text of any length: folded where it is long, so that one rambling answer does not push the others off the page. */
export function foldedText(text: string, style: string = styles.written): Html {
  if (text.length <= folded.after) return html`<div style="${style}">${text}</div>`;
  const beginning = cut(text, folded.showing);
  const whole = cut(text, folded.most);
  const rest = text.length - whole.length;
  return html`<details><summary style="${style}">${beginning}… <span style="${styles.small}">(${withCommas(text.length)} characters)</span></summary><div style="${style}">${whole}</div>${
    rest > 0 && html`<div style="${styles.small}">… and ${withCommas(rest)} more characters</div>`
  }</details>`;
}

/** A text on one line of at most `width` characters, for where there is no folding. */
export function oneLine(text: string, width = 200): string {
  const line = visibleText(text.slice(0, 4 * width))
    .replaceAll(/\s*\n\s*/g, " ⏎ ")
    .replaceAll("\t", " ");
  return line.length <= width && text.length <= 4 * width
    ? line
    : `${cut(line, width - 1)}… (${withCommas(text.length)} characters)`;
}

/** A whole number with commas: "12,000". */
export function withCommas(count: number): string {
  return String(count).replaceAll(/(?<=\d)(?=(\d{3})+$)/g, ",");
}

/** The first `length` characters, and no half of a pair of surrogates. */
function cut(text: string, length: number): string {
  return text.slice(0, length).replace(/[\ud800-\udbff]$/, "");
}

/** HTML in which nothing can be forgotten to be escaped: text put into an `html` template is escaped, other `Html` is not. */
import { visibleText } from "../../core/index.js";

export { visibleText };

/** A piece of HTML made by `html`. */
export class Html {
  constructor(private readonly markup: string) {}

  toString(): string {
    return this.markup;
  }
}

/** What may stand in an `html` template; `undefined` and `false` leave nothing. */
export type HtmlPart = string | number | Html | readonly Html[] | undefined | false;

/**
 * HTML with values in it, escaped for text and for quoted attributes alike.
 *
 * @example
 * html`<td title="${name}">${answer}</td>`.toString(); // answer "<b>" becomes "&lt;b&gt;"
 */
export function html(texts: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html {
  return new Html(texts.map((text, i) => text + (i < parts.length ? partText(parts[i]) : "")).join(""));
}

/** Text for HTML, attributes included; control characters become visible. */
export function escapeHtml(text: string): string {
  const entities: { readonly [character: string]: string } = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return visibleText(text).replaceAll(/[&<>"']/g, (character) => entities[character]!);
}

function partText(part: HtmlPart): string {
  if (part === undefined || part === false) return "";
  if (part instanceof Html) return part.toString();
  return typeof part === "object" ? part.join("\n") : escapeHtml(String(part));
}

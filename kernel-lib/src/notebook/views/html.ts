/** HTML in which nothing can be forgotten to be escaped: text put into an `html` template is escaped, other `Html` is not. */

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

/**
 * Text without characters that act on a terminal or reorder what is read: escape codes and other control characters become
 * visible signs (ESC becomes "␛"), overrides of the writing direction and lone surrogates their codes. Line ends and tabs stay.
 *
 * @example
 * visibleText("\u001b[2Jgone"); // "␛[2Jgone"
 */
export function visibleText(text: string): string {
  return text
    .replaceAll("\r\n", "\n")
    .replaceAll(hidden, (character) =>
      character < " " ? String.fromCharCode(0x2400 + character.charCodeAt(0)) : codeOf(character),
    );
}

/** Controls but for line end and tab, overrides of direction, lone surrogates. */
const hidden = /[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]|\p{Cs}/gu;

function codeOf(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

function partText(part: HtmlPart): string {
  if (part === undefined || part === false) return "";
  if (part instanceof Html) return part.toString();
  return typeof part === "object" ? part.join("\n") : escapeHtml(String(part));
}

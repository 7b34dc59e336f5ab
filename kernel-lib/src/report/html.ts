/** Markup that may go into the page as it is. Only this folder makes it, so text never becomes markup by accident. */
export interface Html {
  readonly markup: string;
}

type Part = Html | string | number | undefined | false | readonly Part[];

/**
 * A template whose values are escaped unless they are `Html`; lists are joined, `undefined` and `false` are nothing.
 *
 * @example
 * html`<p>${"2 < 3"}</p>`.markup; // "<p>2 &lt; 3</p>"
 */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return { markup: strings.map((text, i) => text + (i < parts.length ? markupOf(parts[i]) : "")).join("") };
}

/** Declares markup to be safe: what a sanitiser, KaTeX, highlight.js or this folder made. */
export function trusted(markup: string): Html {
  return { markup };
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

/**
 * JSON for a `<script type="application/json">`: no `<` is left in it, so nothing in it can end the element.
 *
 * @example
 * jsonForScript("</script>"); // '"\\u003c/script>"'
 */
export function jsonForScript(value: unknown): Html {
  return trusted(JSON.stringify(value).replaceAll("<", "\\u003c"));
}

function markupOf(part: Part): string {
  if (part === undefined || part === false) return "";
  if (typeof part === "string") return escapeHtml(part);
  if (typeof part === "number") return String(part);
  return "markup" in part ? part.markup : part.map(markupOf).join("");
}

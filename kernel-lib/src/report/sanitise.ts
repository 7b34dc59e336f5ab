import { createRequire } from "node:module";
import createDOMPurify, { type Config, type DOMPurify } from "dompurify";
import type { DOMWindow } from "jsdom";

/**
 * Only what text, tables and pictures need. There is no `svg`, `math`, `style`, `template` or other element with a syntax of its own,
 * so a browser reads the result as jsdom wrote it. No `class`, `id` or `name`: foreign markup can neither dress up as a part of the
 * page nor shadow one.
 */
const config = {
  ALLOWED_TAGS: [
    ...["a", "abbr", "b", "blockquote", "br", "caption", "code", "col", "colgroup", "dd", "del", "details", "dfn"],
    ...["div", "dl", "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins"],
    ...[
      "kbd",
      "li",
      "mark",
      "ol",
      "p",
      "pre",
      "q",
      "s",
      "samp",
      "section",
      "small",
      "span",
      "strong",
      "sub",
      "summary",
    ],
    ...["sup", "table", "tbody", "td", "tfoot", "th", "thead", "time", "tr", "tt", "u", "ul", "var"],
  ],
  ALLOWED_ATTR: [
    ...["align", "alt", "colspan", "datetime", "dir", "height", "href", "lang", "open", "reversed", "rowspan"],
    ...["scope", "src", "start", "style", "title", "valign", "width"],
  ],
  // Sites, addresses in the report, and pictures that a cell holds; `data:` stays allowed for pictures.
  ALLOWED_URI_REGEXP: /^(?:(?:https?|mailto|attachment):|[^a-z]|[a-z+.-]+(?:[^a-z+.\-:]|$))/i,
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  // The text of what is removed stays, but that of scripts and styles is no text.
  FORBID_CONTENTS: ["script", "style", "template", "noscript", "iframe", "object", "textarea", "title", "svg", "math"],
  RETURN_DOM_FRAGMENT: true,
} satisfies Config;

/** Properties that colour, align and space, but neither take an element out of its place nor fetch anything. */
const styleProperties = new Set([
  ...["background", "background-color", "border-collapse", "border-radius", "color", "font-family", "font-size"],
  ...[
    "font-style",
    "font-weight",
    "line-height",
    "list-style",
    "max-width",
    "opacity",
    "overflow-wrap",
    "table-layout",
  ],
  ...["text-align", "text-decoration", "vertical-align", "white-space", "width", "min-width", "height"],
  ...["border", "margin", "padding"],
  ...["bottom", "color", "left", "right", "style", "top", "width"].map((part) => `border-${part}`),
  ...["bottom", "left", "right", "top"].flatMap((side) => [`margin-${side}`, `padding-${side}`]),
]);

/** The most of each unit that an output may ask for; what is larger wants to push the page away. */
type Limits = { readonly [unit: string]: number };
const largest: Limits = { "": 1000, px: 1200, pt: 900, em: 10, rem: 10, ch: 200, "%": 100 };
const largestLetters: Limits = { "": 3, px: 60, pt: 45, em: 3, rem: 3, "%": 300 };

interface Sanitiser {
  readonly purify: DOMPurify;
  readonly window: DOMWindow;
}

let sanitiser: Sanitiser | undefined;

/**
 * Foreign HTML as a fragment without anything that runs, loads, submits or leaves its place.
 *
 * @example
 * sanitise('<b onclick="x()">bold</b><script>x()</script>').textContent; // "bold"
 */
export function sanitise(markup: string): DocumentFragment {
  sanitiser ??= openSanitiser();
  return sanitiser.purify.sanitize(markup, config);
}

/** The markup of a fragment that `sanitise` made. */
export function serialise(fragment: DocumentFragment): string {
  const holder = fragment.ownerDocument.createElement("div");
  holder.append(fragment.cloneNode(true));
  return holder.innerHTML;
}

function openSanitiser(): Sanitiser {
  const { JSDOM } = createRequire(import.meta.url)("jsdom") as typeof import("jsdom");
  const { window } = new JSDOM("<!DOCTYPE html><body></body>");
  const purify = createDOMPurify(window);
  purify.addHook("afterSanitizeAttributes", (element) => {
    const style = element.getAttribute("style");
    if (style === null) return;
    const kept = keptStyle(style);
    if (kept === "") element.removeAttribute("style");
    else element.setAttribute("style", kept);
  });
  return { purify, window };
}

/**
 * Declarations of allowed properties with plain values: words, colours, and numbers of modest size. Of `display` only what sets tokens and
 * bars beside each other: nothing may hide a part of what it shows.
 */
function keptStyle(style: string): string {
  return style
    .split(";")
    .flatMap((declaration) => {
      const [, name = "", value = ""] = /^\s*([a-z-]+)\s*:\s*([\w\s#.,%'"()-]+?)\s*$/i.exec(declaration) ?? [];
      const property = name.toLowerCase();
      const kept =
        property === "display" ? value === "inline-block" : styleProperties.has(property) && isModest(property, value);
      return kept ? [`${property}: ${value}`] : [];
    })
    .join("; ");
}

function isModest(property: string, value: string): boolean {
  const withoutColours = value.replaceAll(/#[0-9a-f]{3,8}\b|\b(?:rgb|hsl)a?\([\d\s.,%]*\)/gi, "");
  if (/[(]|-\.?\d/.test(withoutColours)) return false;
  const limits = property === "font-size" || property === "line-height" ? largestLetters : largest;
  return [...withoutColours.matchAll(/(\d*\.?\d+)([a-z%]*)/gi)].every(
    ([, number, unit]) => Number(number) <= (limits[unit!.toLowerCase()] ?? 0),
  );
}

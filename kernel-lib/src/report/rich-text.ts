import { type Draft, type Heading, slugOf, takeId } from "./draft.js";
import { type Html, trusted } from "./html.js";
import { piecePattern, type RenderedMarkdown } from "./markdown.js";
import { isRecord } from "./metadata.js";
import { sanitise, serialise } from "./sanitise.js";

/** Where on the page a text stands. */
export interface Place {
  readonly draft: Draft;
  /** Address and title of the notebook's section. */
  readonly slug: string;
  readonly title: string;
  /** How much deeper headings are here than in the notebook. */
  readonly headingShift: number;
  /** Sections by the file names of their notebooks, so that notebooks can link to each other. */
  readonly sections: ReadonlyMap<string, string>;
}

/** Text ready for the page. */
export interface RichText {
  readonly html: Html;
  readonly headings: readonly Heading[];
  /** Text of the first heading of level 1, which was taken out when `takeTitle` was set. */
  readonly title: string | undefined;
}

export interface RichTextOptions {
  readonly takeTitle?: boolean;
  /** A cell's `attachments`: pictures by name, by media type. */
  readonly attachments?: unknown;
}

/** The longest text of a table's cell that is not broken, in characters. */
const LONGEST_NAME = 30;

/** The least width of a column in a table of even columns, in rem. */
const LEAST_COLUMN = 8;

const pictures = /^data:image\/(png|jpeg|gif|webp|svg\+xml)[;,]/i;

/**
 * Makes foreign markup a part of the page: sanitised, trusted pieces in place, headings with anchors, tables in boxes that scroll,
 * links that lead somewhere, and no picture that would have to be fetched.
 */
export function richText({ markup, pieces }: RenderedMarkdown, place: Place, options: RichTextOptions = {}): RichText {
  const fragment = sanitise(markup);
  for (const image of fragment.querySelectorAll("img")) settleImage(image, options.attachments);
  for (const link of fragment.querySelectorAll("a")) settleLink(link, place);
  for (const table of fragment.querySelectorAll("table")) boxTable(table);
  const heading = options.takeTitle ? fragment.querySelector("h1") : null;
  const title = heading?.textContent?.trim();
  heading?.remove();
  const headings = [...fragment.querySelectorAll<HTMLElement>("h1, h2, h3, h4, h5, h6")].map((element) =>
    settleHeading(element, place),
  );
  placePieces(fragment, pieces);
  return { html: trusted(serialise(fragment)), headings, title };
}

/** True when sanitising left something to see. */
export function hasContent({ html }: RichText): boolean {
  return /<(img|hr|table)\b/.test(html.markup) || html.markup.replaceAll(/<[^>]*>|&nbsp;|\s/g, "") !== "";
}

/** Pieces go into text only: inside an attribute, markup would break out of it. */
function placePieces(fragment: DocumentFragment, pieces: readonly string[]): void {
  const document = fragment.ownerDocument;
  const walker = document.createTreeWalker(fragment, 4 /* NodeFilter.SHOW_TEXT */);
  const marked: Text[] = [];
  while (walker.nextNode())
    if (piecePattern.test(walker.currentNode.nodeValue ?? "")) marked.push(walker.currentNode as Text);
  for (const node of marked) {
    const holder = document.createElement("template");
    // Splitting by a pattern with a group gives text, number, text, ...
    for (const [i, part] of node.data.split(new RegExp(piecePattern, "g")).entries()) {
      if (i % 2 === 0) holder.content.append(part);
      else {
        const piece = document.createElement("template");
        piece.innerHTML = pieces[Number(part)] ?? "";
        holder.content.append(piece.content);
      }
    }
    node.replaceWith(holder.content);
  }
}

function settleHeading(element: HTMLElement, { draft, slug, headingShift }: Place): Heading {
  const document = element.ownerDocument;
  const text = (element.textContent ?? "").trim();
  const level = Math.min(6, Number(element.tagName.slice(1)) + headingShift);
  const id = takeId(draft, `${slug}--${slugOf(text)}`);
  const heading = document.createElement(`h${level}`);
  heading.id = id;
  heading.append(...element.childNodes);
  const anchor = document.createElement("a");
  anchor.className = "anchor";
  anchor.href = `#${id}`;
  anchor.textContent = "#";
  anchor.setAttribute("aria-label", `Link to “${text}”`);
  heading.append(" ", anchor);
  element.replaceWith(heading);
  return { id, text, level };
}

/** Sites stay links, places in the report's notebooks become links on the page, and what would lead nowhere becomes text. */
function settleLink(link: HTMLAnchorElement, { slug, sections }: Place): void {
  const href = link.getAttribute("href") ?? "";
  if (/^(https?:|mailto:)/i.test(href)) {
    link.setAttribute("rel", "noopener noreferrer");
    return;
  }
  const [, file = "", fragment] = /^([^#?]*)(?:#(.*))?$/.exec(href) ?? [];
  const name = decoded(file).split("/").at(-1)!;
  const section = file === "" ? slug : sections.get(name);
  if (section === undefined || href === "") link.replaceWith(...link.childNodes);
  else link.setAttribute("href", fragment ? `#${section}--${slugOf(decoded(fragment))}` : `#${section}`);
}

function settleImage(image: HTMLImageElement, attachments: unknown): void {
  const source = image.getAttribute("src") ?? "";
  const attached = source.startsWith("attachment:") ? attachmentUri(attachments, source.slice(11)) : undefined;
  const uri = attached ?? source;
  if (pictures.test(uri)) {
    image.setAttribute("src", uri);
    if (!image.hasAttribute("alt")) image.setAttribute("alt", "");
    return;
  }
  const note = image.ownerDocument.createElement("span");
  note.className = "absent";
  const where = source === "" ? "" : ` (${source.slice(0, 200)})`;
  note.textContent = `[picture not in this report: ${image.getAttribute("alt") || "without a description"}${where}]`;
  image.replaceWith(note);
}

function attachmentUri(attachments: unknown, name: string): string | undefined {
  const bundle = isRecord(attachments) ? attachments[decoded(name)] : undefined;
  if (!isRecord(bundle)) return undefined;
  const [mime, content] = Object.entries(bundle)[0] ?? [];
  return typeof content === "string" ? `data:${mime};base64,${content.replaceAll(/\s/g, "")}` : undefined;
}

function boxTable(table: HTMLTableElement): void {
  // A table within a table scrolls with it.
  if (table.parentElement?.closest("table")) return;
  const box = table.ownerDocument.createElement("div");
  box.className = "scroll";
  box.tabIndex = 0;
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", "Table");
  table.replaceWith(box);
  box.append(table);
  if (/table-layout:\s*fixed/.test(table.getAttribute("style") ?? "")) {
    // Columns of equal width would become slivers on a phone: the box scrolls instead.
    const columns = Math.max(1, ...[...table.rows].map(({ cells }) => cells.length));
    table.className = "even";
    table.style.minWidth = `${LEAST_COLUMN * columns}rem`;
    return;
  }
  // Numbers and names stay on their lines; the box scrolls, and text that is long wraps all the same.
  for (const cell of table.querySelectorAll("td, th")) {
    if (cell.children.length === 0 && (cell.textContent ?? "").length <= LONGEST_NAME) cell.className = "short";
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

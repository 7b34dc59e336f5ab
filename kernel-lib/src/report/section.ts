import { type Draft, type Heading, slugOf, takeId } from "./draft.js";
import { highlight } from "./highlight.js";
import { type Html, html } from "./html.js";
import { renderMarkdown } from "./markdown.js";
import { isRecord } from "./metadata.js";
import { type RawOutput, renderOutputs } from "./outputs.js";
import { type Place, richText } from "./rich-text.js";
import { type Source, wasRun } from "./sources.js";

/** A notebook as a part of the page. */
export interface Section {
  readonly id: string;
  readonly title: string;
  readonly headings: readonly Heading[];
  readonly body: Html;
  readonly source: Source;
}

type Cell = Source["notebook"]["cells"][number];

/** What the sections of a page share. */
export interface SectionContext {
  readonly draft: Draft;
  readonly sections: ReadonlyMap<string, string>;
  /** How much deeper headings are here than in the notebook. */
  readonly headingShift: number;
}

/** Addresses of sections by the names of their files; files of the same name in two folders get numbers. */
export function sectionIds(sources: readonly Source[], draft: Draft): readonly string[] {
  return sources.map(({ name }) => takeId(draft, slugOf(name.replace(/\.ipynb$/, ""))));
}

/** Renders a notebook: text, folded code, outputs. Its first heading becomes its title. */
export function renderSection(source: Source, id: string, context: SectionContext): Section {
  const { cells, metadata } = source.notebook;
  const language = languageOf(metadata);
  const headings: Heading[] = [];
  let title = source.name.replace(/\.ipynb$/, "");
  let untitled = true;
  const parts = cells.map((cell): Html | undefined => {
    if (cell.source.trim() === "" && (cell.outputs ?? []).length === 0) return undefined;
    const place: Place = { ...context, slug: id, title };
    if (cell.cell_type === "raw") return html`<pre class="block" tabindex="0">${cell.source}</pre>`;
    if (cell.cell_type === "code") return codeCell(cell, language, place);
    const text = richText(renderMarkdown(cell.source), place, { takeTitle: untitled, attachments: cell.attachments });
    // Only a heading before everything else that has one is the notebook's title.
    untitled = untitled && text.title === undefined && text.headings.length === 0;
    title = text.title || title;
    headings.push(...text.headings);
    return html`<div class="text">${text.html}</div>`;
  });
  return { id, title, headings, body: html`${parts}`, source };
}

function codeCell(cell: Cell, language: string, place: Place): Html {
  const parameters = cell.metadata.tags?.includes("parameters")
    ? html` <span class="badge">parameters</span>`
    : undefined;
  const skipped =
    wasRun(cell) || cell.source.trim() === "" ? undefined : html` <span class="badge">not executed</span>`;
  const code = cell.source.trim();
  const fold =
    code === ""
      ? undefined
      : html`<details class="code"><summary><span class="word">Code</span>${parameters}${skipped} <code>${firstLine(code)}</code></summary>
<pre tabindex="0"><code>${highlight(code, language)}</code></pre></details>`;
  // Outputs come from a file: their type is what the file says, not what ours declares.
  const outputs = renderOutputs((cell.outputs ?? []) as unknown as readonly RawOutput[], place);
  return html`<div class="cell">${fold}${outputs}</div>
`;
}

/** A hint of what the code is about; long lines are cut by the page, too. */
function firstLine(code: string): string {
  return code.split("\n", 1)[0]!.slice(0, 160);
}

function languageOf(metadata: { readonly [key: string]: unknown }): string {
  const { language_info: info } = metadata;
  return isRecord(info) && typeof info.name === "string" ? info.name.toLowerCase() : "typescript";
}

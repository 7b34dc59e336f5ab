import { takeId } from "./draft.js";
import { type Bundle, pictureOf, renderPicture } from "./figure.js";
import { highlight } from "./highlight.js";
import { type Html, html } from "./html.js";
import { renderLatex, renderMarkdown } from "./markdown.js";
import { isRecord, type OutputMetadata, readMetadata } from "./metadata.js";
import { provenanceFold } from "./provenance.js";
import { hasContent, type Place, type RichText, richText } from "./rich-text.js";
import { terminalText } from "./terminal-text.js";

/** An output as a notebook's file has it, believed only as far as it was looked at. */
export interface RawOutput {
  readonly output_type: string;
  readonly [field: string]: unknown;
}

/** The outputs of a cell, in order; streams that were written in pieces are joined. */
export function renderOutputs(outputs: readonly RawOutput[], place: Place): readonly Html[] {
  return joinStreams(outputs).flatMap((output) => {
    const body = renderOutput(output, place);
    return body === undefined ? [] : [html`<div class="output">${body}</div>`];
  });
}

function renderOutput(output: RawOutput, place: Place): Html | undefined {
  if (output.output_type === "stream") return renderStream(output);
  if (output.output_type === "error") return renderError(output);
  const data = isRecord(output.data) ? output.data : {};
  const metadata = readMetadata(output.metadata);
  if (metadata.provenance) place.draft.provenances.push(metadata.provenance);
  const problems = metadata.problems.length > 0 ? renderProblems(metadata.problems, place) : undefined;
  const body = renderBundle(data, output.metadata, metadata, place);
  return body && html`${body}${problems}`;
}

function renderBundle(data: Bundle, raw: unknown, metadata: OutputMetadata, place: Place): Html | undefined {
  const description = textOf(data["text/plain"]);
  const interactive = data["application/vnd.plotly.v1+json"] !== undefined;
  // HTML beside a picture says more than the picture, except where it is plotly's own, which is a script.
  const text = interactive ? undefined : renderText(data, metadata, place);
  const picture = text ? undefined : pictureOf(data, raw, description);
  if (picture) return anchored(renderPicture(picture, metadata, place), metadata, place, true);
  const body = text ?? renderPlain(data, description);
  return body && anchored(body, metadata, place, false);
}

/** An output with claims can be pointed to; one that is no figure has its provenance below it. */
function anchored(body: Html, { kind, provenance, claims }: OutputMetadata, place: Place, isFigure: boolean): Html {
  if (isFigure && claims === undefined) return body;
  const anchor = takeId(place.draft, `${place.slug}--${kind ?? "output"}`);
  for (const reading of claims ?? []) {
    place.draft.claims.push({ reading, provenance, notebook: place.title, anchor });
  }
  const label = names[kind ?? "table"];
  const fold = provenance && !isFigure ? provenanceFold(provenance, { anchor, label }, place.draft) : undefined;
  return html`<div id="${anchor}" class="result">${body}${fold}</div>`;
}

const names = {
  figure: "a figure before",
  claims: "the claims",
  summary: "the summary",
  table: "a table before",
  answers: "the answers",
  labels: "the labels",
} as const;

function renderText(data: Bundle, { kind }: OutputMetadata, place: Place): Html | undefined {
  const htmlText = textOf(data["text/html"]);
  const rich = htmlText === "" ? undefined : richText({ markup: htmlText, pieces: [] }, place);
  if (rich && hasContent(rich)) return richBox(rich, kind === undefined);
  const markdown = textOf(data["text/markdown"]);
  if (markdown !== "") return richBox(richText(renderMarkdown(markdown), place));
  const latex = textOf(data["text/latex"]);
  return latex === "" ? undefined : richBox(richText(renderLatex(latex), place));
}

/** Colours that an output brings were chosen for white paper, but for the kit's own, which hold on dark ground, too. */
function richBox({ html: body }: RichText, foreign = false): Html {
  const coloured = foreign && /style="[^"]*(color|background)/.test(body.markup);
  return html`<div class="${coloured ? "rich paper" : "rich"}">${body}</div>`;
}

function renderPlain(data: Bundle, description: string): Html | undefined {
  const json = data["application/json"];
  if (json !== undefined) {
    return html`<pre class="block" tabindex="0"><code>${highlight(JSON.stringify(json, null, 2), "json")}</code></pre>`;
  }
  if (description !== "") return terminalText(description, "result-text");
  const types = Object.keys(data).join(", ");
  return types === "" ? undefined : html`<p class="note">An output that a report cannot show (${types}).</p>`;
}

function renderStream({ name, text }: RawOutput): Html | undefined {
  if (textOf(text) === "") return undefined;
  if (name !== "stderr") return terminalText(textOf(text), "stream");
  return html`<div class="stderr"><p class="tag">stderr</p>${terminalText(textOf(text), "stream")}</div>`;
}

function renderError({ ename, evalue, traceback }: RawOutput): Html {
  const lines = Array.isArray(traceback) ? traceback.map(textOf).join("\n") : "";
  return html`<div class="error"><p class="tag"><strong>Error</strong> ${textOf(ename)}</p>
<p class="message">${textOf(evalue).slice(0, 2000)}</p>${lines === "" ? undefined : terminalText(lines, "stream")}</div>`;
}

function renderProblems(problems: readonly string[], { draft, title }: Place): Html {
  draft.warnings.push(`${title}: metadata of an output was not understood (${problems.join("; ")})`);
  return html`<p class="note warn">Part of this output's metadata was not understood and left out: ${problems.join("; ")}.</p>`;
}

function joinStreams(outputs: readonly RawOutput[]): readonly RawOutput[] {
  const joined: RawOutput[] = [];
  for (const output of outputs) {
    const last = joined.at(-1);
    if (output.output_type === "stream" && last?.output_type === "stream" && last.name === output.name) {
      joined[joined.length - 1] = { ...last, text: textOf(last.text) + textOf(output.text) };
    } else joined.push(output);
  }
  return joined;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

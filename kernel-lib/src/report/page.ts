import { packageVersion } from "../core/index.js";
import { claimsSection } from "./claims.js";
import { clientScript } from "./client-script.js";
import type { Draft } from "./draft.js";
import { counted, utc } from "./format.js";
import { type Html, html, trusted } from "./html.js";
import { katexStyle } from "./katex-style.js";
import { pageStyle } from "./page-style.js";
import { packedPlotly, scriptHash } from "./plotly-source.js";
import { timeOf } from "./provenance.js";
import type { Section } from "./section.js";

/** The whole document: one file that needs no other, and no network. */
export function renderPage(title: string, sections: readonly Section[], draft: Draft): string {
  const body = renderBody(title, sections, draft);
  const style = `${katexStyle(body.markup)}${pageStyle}`;
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy(draft.plots > 0)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="ilr-lab ${packageVersion()}">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>
${trusted(style)}
</style>
</head>
${body}
</html>
`.markup;
}

/**
 * Two scripts run, known by their hashes: ours and plotly.js. Nothing is fetched, submitted or embedded. Styles have to be allowed
 * inline: KaTeX, plotly and tables set them on elements. `blob:` is how plotly saves a picture.
 */
function policy(withPlotly: boolean): string {
  const scripts = withPlotly ? `${scriptHash(clientScript)} ${packedPlotly().hash}` : "'none'";
  return [
    "default-src 'none'",
    `script-src ${scripts}`,
    "style-src 'unsafe-inline'",
    "img-src data: blob:",
    "font-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}

function renderBody(title: string, sections: readonly Section[], draft: Draft): Html {
  const several = sections.length > 1;
  const scripts = html`<script type="text/plain" id="plotly">${trusted(draft.plots > 0 ? packedPlotly().packed : "")}</script>
<script>${trusted(clientScript)}</script>`;
  return html`<body>
<a class="skip" href="#content">Skip to the content</a>
<div class="layout">
<header>
<p class="kind">Report of ilr-lab ${packageVersion()}</p>
<h1${several ? "" : html` id="${sections[0]!.id}"`}>${title}</h1>
<p class="facts">${facts(sections, draft)}</p>
</header>
${contents(sections, draft.claims.length > 0)}
<main id="content">
${claimsSection(draft.claims)}
${sections.map((section) => notebookSection(section, several))}
</main>
<footer>${sections.map(origin)}<p>This page holds everything it shows and loads nothing. Figures become interactive where JavaScript runs.</p></footer>
</div>
${draft.plots > 0 ? scripts : undefined}
</body>`;
}

/** When what is shown was computed, as the notebooks say it; the time of making a report says nothing. */
function facts(sections: readonly Section[], { provenances, figures, claims }: Draft): readonly Html[] {
  const own = provenances.filter(({ recorded }) => !recorded);
  const times = (own.length > 0 ? own : provenances).map(({ ended }) => utc(ended)).sort();
  const date =
    times.length > 0
      ? html`<span>${own.length > 0 ? "Executed" : "Recorded"} ${timeOf(times.at(-1)!)}</span>`
      : html`<span>Time of execution not stated</span>`;
  const names = new Set(claims.map(({ reading }) => reading.claim));
  return [
    date,
    ...(sections.length > 1 ? [html`<span>${counted(sections.length, "notebook")}</span>`] : []),
    html`<span>${counted(figures, "figure")}</span>`,
    ...(names.size > 0 ? [html`<span>${counted(names.size, "claim")}</span>`] : []),
  ];
}

function contents(sections: readonly Section[], hasClaims: boolean): Html {
  const several = sections.length > 1;
  const list = ({ headings }: Section): readonly Html[] =>
    headings
      .filter(({ level }) => level === (several ? 3 : 2))
      .map(({ id, text }) => html`<li><a href="#${id}">${text}</a></li>`);
  const items = sections.map((section) =>
    several
      ? html`<li><a href="#${section.id}">${section.title}</a><ul>${list(section)}</ul></li>`
      : html`${list(section)}`,
  );
  return html`<nav aria-label="Contents"${several ? html` class="several"` : ""}><details><summary>Contents</summary>
<ul>${hasClaims ? html`<li><a href="#claims">Claims</a></li>` : undefined}${items}</ul></details></nav>`;
}

function notebookSection({ id, title, body }: Section, several: boolean): Html {
  if (!several) return html`<article aria-label="${title}">${body}</article>`;
  return html`<article class="notebook" aria-labelledby="${id}">
<h2 id="${id}">${title} <a class="anchor" href="#${id}" aria-label="Link to “${title}”">#</a></h2>
${body}</article>`;
}

function origin({ source: { name, digest } }: Section): Html {
  return html`<p>Made from <code>${name}</code>, content <code>sha256:${digest.replace(/^sha256:/, "").slice(0, 12)}</code>.</p>`;
}

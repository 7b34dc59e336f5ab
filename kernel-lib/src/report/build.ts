import { newDraft } from "./draft.js";
import { renderPage } from "./page.js";
import { renderSection, sectionIds } from "./section.js";
import { readSources } from "./sources.js";

/** How a report is to look. */
export interface ReportOptions {
  /** The page's title. Default: that of the notebook, or a general one over several. */
  readonly title?: string;
}

/** A report as a page, and what is on it. */
export interface Report {
  /** One HTML file that needs nothing else. */
  readonly html: string;
  readonly title: string;
  readonly notebooks: number;
  readonly figures: number;
  readonly claims: number;
  /** Sentences about what the notebooks hold and the report could not use. */
  readonly warnings: readonly string[];
}

/**
 * Makes a report of executed notebooks: text, figures, tables, the claims and where every number comes from, on one page that opens
 * from disk. The same notebooks give the same page.
 *
 * Notebooks may hold what models wrote: nothing in them runs, loads or leaves its place on the page.
 *
 * @throws LabError `input-missing` for a notebook that is not there, `input-damaged` for one that is damaged or was not executed.
 * @example
 * const { html } = await buildReport(["notebooks/01-main-result.ipynb"]);
 */
export async function buildReport(paths: readonly string[], options: ReportOptions = {}): Promise<Report> {
  const sources = await readSources(paths);
  const draft = newDraft();
  for (const id of ["content", "claims", "claims-title", "contents", "plotly"]) draft.ids.add(id);
  const ids = sectionIds(sources, draft);
  const context = {
    draft,
    sections: new Map(sources.map(({ name }, i) => [name, ids[i]!])),
    headingShift: sources.length > 1 ? 1 : 0,
  };
  const sections = sources.map((source, i) => renderSection(source, ids[i]!, context));
  const title = options.title ?? (sections.length === 1 ? sections[0]!.title : "Iterative Label Refinement: notebooks");
  return {
    html: renderPage(title, sections, draft),
    title,
    notebooks: sources.length,
    figures: draft.figures,
    claims: new Set(draft.claims.map(({ reading }) => reading.claim)).size,
    warnings: draft.warnings,
  };
}

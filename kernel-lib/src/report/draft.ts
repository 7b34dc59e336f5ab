import type { ClaimReading, Provenance } from "./metadata.js";

/** A heading that the contents list. */
export interface Heading {
  readonly id: string;
  readonly text: string;
  readonly level: number;
}

/** What an output says about a claim, and where on the page it says so. */
export interface ClaimEntry {
  readonly reading: ClaimReading;
  readonly provenance: Provenance | undefined;
  /** Title of the notebook. */
  readonly notebook: string;
  readonly anchor: string;
}

/** A page while it is built: what its parts have to know of each other. */
export interface Draft {
  readonly ids: Set<string>;
  readonly claims: ClaimEntry[];
  readonly provenances: Provenance[];
  /** Where a list of step keys was shown first: long lists are shown once. */
  readonly keyLists: Map<string, { readonly anchor: string; readonly label: string }>;
  /** Sentences for whoever makes the report. */
  readonly warnings: string[];
  /** Pictures so far. */
  figures: number;
  /** Pictures so far that plotly draws. */
  plots: number;
}

export function newDraft(): Draft {
  const draft = { ids: new Set<string>(), claims: [], provenances: [], keyLists: new Map(), warnings: [] };
  return { ...draft, figures: 0, plots: 0 };
}

/** An id that the page does not have yet: the wish itself, or the wish with a number. */
export function takeId(draft: Draft, wish: string): string {
  let id = wish;
  for (let n = 2; draft.ids.has(id); n++) id = `${wish}-${n}`;
  draft.ids.add(id);
  return id;
}

/**
 * A name for addresses: lower case, letters and digits of any script, hyphens.
 *
 * @example
 * slugOf("Where these numbers come from?"); // "where-these-numbers-come-from"
 */
export function slugOf(text: string): string {
  const slug = text
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, "-")
    .replaceAll(/^-+|-+$/g, "");
  return slug.slice(0, 80) || "part";
}

import type { ClaimEntry } from "./draft.js";
import { counted, points } from "./format.js";
import { type Html, html } from "./html.js";
import type { ClaimReading } from "./metadata.js";
import { recordedBadge } from "./provenance.js";

type Reading = ClaimReading["readings"][number];

/** What an outcome looks like: a sign and a word, so that colour only helps. */
const looks: { readonly [outcome in Reading["outcome"]]: { readonly sign: string; readonly name: string } } = {
  holds: { sign: "✓", name: "holds" },
  contradicted: { sign: "✗", name: "contradicted" },
  inconclusive: { sign: "?", name: "inconclusive" },
  "not tested": { sign: "–", name: "untested" },
};

/**
 * The table of claims: what each says, and for each run that speaks to it the outcome, the effect with its interval, and where the
 * report shows it. Undefined when no output carries claims.
 */
export function claimsSection(entries: readonly ClaimEntry[]): Html | undefined {
  if (entries.length === 0) return undefined;
  const groups = grouped(entries);
  const scale = Math.max(0.02, ...entries.flatMap(({ reading }) => reading.readings.flatMap(reach)));
  const head = ["Outcome", "Effect [95 % interval]", "", "Comparison", "Run"].map((name) =>
    name === "" ? html`<td></td>` : html`<th scope="col">${name}</th>`,
  );
  return html`<section id="claims" aria-labelledby="claims-title">
<h2 id="claims-title">Claims</h2>
<div class="scroll" tabindex="0" role="region" aria-label="Claims and how they came out">
<table class="claims"><thead><tr>${head}</tr></thead>
${groups.map((group) => claimRows(group, scale))}</table></div>
<p class="note">Effects are paired differences in test accuracy, in points, with 95 % intervals. A claim's outcome is decided by the comparison nearest to the
paper's own, or by two where the claim has two parts; where a Holm p-value is given, it allows for all claims read together. Further comparisons are not corrected and decide nothing.</p>
</section>`;
}

function claimRows(group: readonly ClaimEntry[], scale: number): Html {
  const { claim, statement } = group[0]!.reading;
  return html`<tbody><tr><th colspan="5" scope="rowgroup"><b>${claim}</b> ${statement}</th></tr>
${group.map((entry) => runRows(entry, scale))}</tbody>
`;
}

/** A run's say: a row for each comparison that decides, the first with the claim's outcome and with the run. */
function runRows({ reading, provenance, notebook, anchor }: ClaimEntry, scale: number): Html {
  const { readings, missing } = reading;
  const deciding = readings.filter(({ adjusted }, i) => i === 0 || typeof adjusted === "number");
  const run = provenance
    ? html`<code>${provenance.experiment}</code>, ${provenance.seeds.length === 1 ? "seed" : "seeds"} ${provenance.seeds.join(", ")}${provenance.recorded && html` ${recordedBadge}`}`
    : html`${notebook}`;
  const place = html`${run} <a class="jump" href="#${anchor}">details</a>`;
  const further = furtherReadings(readings.slice(deciding.length));
  if (deciding.length === 0) {
    return html`<tr><td>${outcomeOf(reading.outcome)}</td><td class="effect">–</td><td class="picture"></td><td>${missing ?? "–"}</td><td>${place}</td></tr>`;
  }
  return html`${deciding.map((one, i) => {
    const outcome = html`${outcomeOf(i === 0 ? reading.outcome : one.outcome)}`;
    const own = deciding.length > 1 ? html` <span class="also">(${one.outcome})</span>` : undefined;
    const note = one.note && html`<div class="also">${one.note}</div>`;
    return html`<tr><td>${outcome}</td><td class="effect">${effectOf(one)}</td>
<td class="picture">${intervalPicture(one, scale)}</td><td>${minus(one.compares)}${own}${note}${i === deciding.length - 1 && further}</td>
<td>${i === 0 && place}</td></tr>`;
  })}`;
}

function furtherReadings(readings: readonly Reading[]): Html | undefined {
  if (readings.length === 0) return undefined;
  return html`<details class="also"><summary>${counted(readings.length, "more comparison")}, not corrected</summary>
<ul>${readings.map((other) => html`<li>${outcomeOf(other.outcome)} ${minus(other.compares)}: ${effectOf(other)}${other.note && `, ${other.note}`}</li>`)}</ul></details>`;
}

/** "A - B" with a sign that is a minus. */
function minus(compares: string): string {
  return compares.replace(" - ", " − ");
}

function outcomeOf(outcome: Reading["outcome"]): Html {
  const { sign, name } = looks[outcome];
  return html`<span class="outcome ${name}"><span aria-hidden="true">${sign}</span> ${outcome}</span>`;
}

function effectOf({ difference: { value, low, high } }: Reading): Html {
  return html`<b>${points(value)}</b> [${points(low)}, ${points(high)}]`;
}

/** The interval on a scale that all rows share, with a line at zero. The numbers stand beside it, so it is for eyes only. */
function intervalPicture({ difference: { value, low, high }, outcome }: Reading, scale: number): Html {
  const x = (share: number): string => (80 + (74 * share) / scale).toFixed(1);
  return html`<svg class="interval ${looks[outcome].name}" viewBox="0 0 160 16" width="128" height="13" aria-hidden="true">
<line class="zero" x1="80" x2="80" y1="0" y2="16"/><line x1="${x(low)}" x2="${x(high)}" y1="8" y2="8"/><circle cx="${x(value)}" cy="8" r="4"/></svg>`;
}

function reach({ difference }: Reading): readonly number[] {
  return [Math.abs(difference.low), Math.abs(difference.high)];
}

/** Claims by name, each run's say once, even if a notebook shows it twice. */
function grouped(entries: readonly ClaimEntry[]): readonly (readonly ClaimEntry[])[] {
  const groups = new Map<string, ClaimEntry[]>();
  const seen = new Set<string>();
  for (const entry of entries) {
    const { reading, provenance } = entry;
    const identity = JSON.stringify([reading, provenance?.experiment, provenance?.seeds, provenance?.keys]);
    if (seen.has(identity)) continue;
    seen.add(identity);
    groups.set(reading.claim, [...(groups.get(reading.claim) ?? []), entry]);
  }
  const names = [...groups.keys()].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  return names.map((name) => groups.get(name)!);
}

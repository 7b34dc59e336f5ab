import { effect, isPrimary, type Reading, readingNote, type Verdict, verdictNote } from "../../results/index.js";
import { displayedAs, type Rendered } from "../displayable.js";
import { type DisplayedClaim, described } from "../provenance.js";
import { type Html, html, visibleText } from "./html.js";
import { type Mark, markText, styles } from "./style.js";

const marks: { readonly [outcome in Verdict["outcome"]]: Mark } = {
  holds: { glyph: "✓", word: "holds", tone: "good" },
  contradicted: { glyph: "✗", word: "contradicted", tone: "bad" },
  inconclusive: { glyph: "?", word: "inconclusive", tone: "neutral" },
  "not tested": { glyph: "–", word: "not tested", tone: "neutral" },
};

/** Verdicts that `display` shows as a table: claim, outcome, the effect behind it with its interval, and the other readings. */
export function displayedVerdicts(verdicts: readonly Verdict[]): readonly Verdict[] {
  return displayedAs(verdicts, () => {
    const data = { "text/html": claimsHtml(verdicts).toString(), "text/plain": claimsText(verdicts) };
    const rendered: Rendered = { data, metadata: {} };
    return described(rendered, { kind: "claims", claims: verdicts.map(plainClaim) });
  });
}

/** All verdicts on one line: "C1 ✓ holds". */
export function verdictLine(verdicts: readonly Verdict[]): readonly { readonly text: string; readonly mark: Mark }[] {
  return verdicts.map(({ claim, outcome }) => ({ text: claim, mark: marks[outcome] }));
}

function claimsHtml(verdicts: readonly Verdict[]): Html {
  const head = ["claim", "statement", "outcome", "effect in points"];
  return html`<table style="${styles.table};max-width:960px">
<thead><tr>${head.map((name) => html`<th style="${styles.left}${name === "statement" && ";width:30%"}">${name}</th>`)}</tr></thead>
<tbody>
${verdicts.map(claimRow)}
</tbody>
</table>
<p style="${styles.small}"><em>${verdictNote(verdicts)}</em></p>`;
}

function claimRow({ claim, statement, outcome, readings, missing }: Verdict): Html {
  const mark = marks[outcome];
  const shown = readings.map((reading) => (isPrimary(reading) ? primaryReading(reading) : alsoReading(reading)));
  return html`<tr style="${styles.row}"><td style="${styles.left}"><strong>${claim}</strong></td><td style="${styles.left}">${statement}</td><td style="${styles.left}"><span style="${styles[mark.tone]}">${markText(mark)}</span></td><td style="${styles.left}">${
    missing !== null && html`<div style="${styles.small}">${missing}</div>`
  }${shown}</td></tr>`;
}

function primaryReading(reading: Reading): Html {
  return html`<div><strong>${effect(reading.difference)}</strong></div><div style="${styles.small}">${reading.compares}</div><div style="${styles.small}">${readingNote(reading)}</div>`;
}

function alsoReading(reading: Reading): Html {
  const mark = markText(marks[reading.outcome]);
  return html`<div style="${styles.small}">also ${mark}: ${reading.compares}: ${effect(reading.difference)}, ${readingNote(reading)}</div>`;
}

function claimsText(verdicts: readonly Verdict[]): string {
  const lines = verdicts.flatMap(({ claim, statement, outcome, readings, missing }) => [
    `${claim}  ${markText(marks[outcome])}: ${statement}`,
    ...(missing === null ? [] : [`    ${missing}`]),
    ...readings.map((reading) => {
      const also = isPrimary(reading) ? "" : `also ${marks[reading.outcome].glyph} `;
      return `    ${also}${reading.compares}: ${effect(reading.difference)}, ${readingNote(reading)}`;
    }),
  ]);
  return visibleText([...lines, verdictNote(verdicts)].join("\n"));
}

function plainClaim({ claim, statement, outcome, readings, missing }: Verdict): DisplayedClaim {
  const plain = readings.map((reading) => {
    const { compares, run, difference, p, adjusted, outcome: read } = reading;
    const { value, low, high } = difference;
    return { compares, run, difference: { value, low, high }, p, adjusted, outcome: read, note: readingNote(reading) };
  });
  return { claim, statement, outcome, missing, readings: plain };
}

import { points, type Reading, type Verdict } from "../../results/index.js";
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

const note = "Paired 95 % intervals in points of test accuracy, no correction for reading several claims.";

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
<p style="${styles.small}"><em>${note}</em></p>`;
}

function claimRow({ claim, statement, outcome, readings }: Verdict): Html {
  const [first, ...others] = readings;
  const mark = marks[outcome];
  const also = others.map(
    (reading) =>
      html`<div style="${styles.small}">also ${markText(marks[reading.outcome])}: ${reading.compares}: ${effect(reading)}</div>`,
  );
  return html`<tr style="${styles.row}"><td style="${styles.left}"><strong>${claim}</strong></td><td style="${styles.left}">${statement}</td><td style="${styles.left}"><span style="${styles[mark.tone]}">${markText(mark)}</span></td><td style="${styles.left}">${
    first && html`<div><strong>${effect(first)}</strong></div><div style="${styles.small}">${first.compares}</div>`
  }${also}</td></tr>`;
}

function claimsText(verdicts: readonly Verdict[]): string {
  const lines = verdicts.flatMap(({ claim, statement, outcome, readings }) => [
    `${claim}  ${markText(marks[outcome])}: ${statement}`,
    ...readings.map(
      (reading, i) =>
        `    ${i > 0 ? `also ${marks[reading.outcome].glyph} ` : ""}${reading.compares}: ${effect(reading)}`,
    ),
  ]);
  return visibleText([...lines, note].join("\n"));
}

function effect({ difference }: Reading): string {
  const [value, low, high] = [difference.value, difference.low, difference.high].map(points);
  return `${value} [${low}, ${high}]`;
}

function plainClaim({ claim, statement, outcome, readings }: Verdict): DisplayedClaim {
  const plain = readings.map(({ compares, difference: { value, low, high }, outcome: reading }) => ({
    ...{ compares, difference: { value, low, high }, outcome: reading },
  }));
  return { claim, statement, outcome, readings: plain };
}

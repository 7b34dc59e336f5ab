import { type LabelChange, labelOutcome } from "../../results/index.js";
import { displayedAs } from "../displayable.js";
import { described } from "../provenance.js";
import { foldedText, oneLine, withCommas } from "./fold.js";
import { type Html, html, visibleText } from "./html.js";
import { type Mark, markText, styles } from "./style.js";
import { wordDiff } from "./word-diff.js";

const marks = {
  fixed: { glyph: "✓", word: "fixed", tone: "good" },
  broken: { glyph: "✗", word: "broken", tone: "bad" },
  "still right": { glyph: "=", word: "still right", tone: "neutral" },
  "still wrong": { glyph: "=", word: "still wrong", tone: "neutral" },
  unjudged: { glyph: "·", word: "not judged", tone: "neutral" },
} as const satisfies { readonly [kind: string]: Mark };

/** Texts with more words than this in all are shown one after the other: a diff of them says little and takes long. In characters. */
const mostDiffed = 8000;

/**
 * Labels before and after refinement, for `display` to show: the replaced ones word by word, each marked as fixed, broken or neutral, under
 * counts of all of them.
 *
 * @returns the same rows, with a way to be shown.
 * @example
 * display(labelDiff([{ question: "2 + 2?", before: "#### 5", after: "#### 4", correctBefore: false, correctAfter: true, accepted: true }]));
 */
export function labelDiff(rows: readonly LabelChange[]): readonly LabelChange[] {
  return displayedAs([...rows], ({ rows: limit }) => {
    const data = { "text/html": labelsHtml(rows, limit).toString(), "text/plain": labelsText(rows, limit) };
    return described({ data, metadata: {} }, { kind: "labels" });
  });
}

function labelsHtml(rows: readonly LabelChange[], limit: number): Html {
  const replaced = rows.filter(({ accepted }) => accepted);
  const shown = replaced.slice(0, limit);
  const head = html`<thead><tr><th style="${styles.left};width:110px">change</th><th style="${styles.left};width:38%">question</th><th style="${styles.left}">label</th></tr></thead>`;
  return html`<div style="line-height:1.4;max-width:1100px">
<div>${countsOf(rows).map(({ text, tone }) => html`<span style="${tone === undefined ? "" : styles[tone]};margin-right:16px">${text}</span>`)}</div>${
    shown.length > 0 &&
    html`
<table style="${styles.wideTable}">
${head}
<tbody>
${shown.map(labelRow)}
</tbody>
</table>`
  }${hintOf(replaced, shown).map((hint) => html`<p><em>${hint}</em></p>`)}
</div>`;
}

function labelRow(row: LabelChange): Html {
  const mark = markOf(row);
  return html`<tr style="${styles.row}"><td style="${styles.left}"><span style="${styles[mark.tone]}">${markText(mark)}</span></td><td style="${styles.left}">${foldedText(row.question, styles.asked)}</td><td style="${styles.left}">${diffHtml(row)}</td></tr>`;
}

function diffHtml({ before, after }: LabelChange): Html {
  if (before.length + after.length > mostDiffed) {
    return html`<div><del style="${styles.deleted}">before</del></div>${foldedText(before)}<div><ins style="${styles.inserted}">after</ins></div>${foldedText(after)}`;
  }
  const parts = wordDiff(before, after).map(({ kind, text }, i, all) => {
    if (kind === "deleted") return html`<del style="${styles.deleted}">${text}</del>`;
    if (kind === "same") return html`${text}`;
    // A thin space, so that "5" replaced by "6" is not read as "56" where styles are lost.
    return html`${all[i - 1]?.kind === "deleted" && "\u2009"}<ins style="${styles.inserted}">${text}</ins>`;
  });
  return html`<div style="${styles.written}">${parts.reduce((all, part) => html`${all}${part}`, html``)}</div>`;
}

function labelsText(rows: readonly LabelChange[], limit: number): string {
  const replaced = rows.filter(({ accepted }) => accepted);
  const shown = replaced.slice(0, limit);
  const blocks = shown.flatMap((row) => [
    `${markText(markOf(row))}: ${oneLine(row.question)}`,
    `  - ${oneLine(row.before)}`,
    `  + ${oneLine(row.after)}`,
  ]);
  const counts = countsOf(rows).map(({ text }) => text);
  return visibleText([counts.join("  "), ...blocks, ...hintOf(replaced, shown)].join("\n"));
}

function markOf(row: LabelChange): Mark {
  const outcome = labelOutcome({ ...row, accepted: true });
  return outcome === "kept" ? marks.unjudged : marks[outcome];
}

function countsOf(rows: readonly LabelChange[]): readonly { readonly text: string; readonly tone?: Mark["tone"] }[] {
  const replaced = rows.filter(({ accepted }) => accepted);
  const count = (kind: keyof typeof marks): string =>
    withCommas(replaced.filter((row) => markOf(row) === marks[kind]).length);
  return [
    { text: `${withCommas(replaced.length)} of ${withCommas(rows.length)} labels replaced:` },
    ...kindsToCount(replaced).map((kind) => ({
      ...{ text: `${marks[kind].glyph} ${count(kind)} ${kind}`, tone: marks[kind].tone },
    })),
  ];
}

function kindsToCount(replaced: readonly LabelChange[]): readonly (keyof typeof marks)[] {
  if (replaced.some((row) => markOf(row) === marks.unjudged)) return ["unjudged"];
  return ["fixed", "broken", "still right", "still wrong"];
}

function hintOf(replaced: readonly LabelChange[], shown: readonly LabelChange[]): readonly string[] {
  if (shown.length === replaced.length) return [];
  return [
    `${shown.length} of ${replaced.length} replaced labels; display(labels, { rows: ${replaced.length} }) shows all`,
  ];
}

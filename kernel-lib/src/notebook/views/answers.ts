import type { ComparedAnswers, JudgedAnswer } from "../../results/index.js";
import { finalAnswer, finalAnswerMatch } from "../../tasks/index.js";
import { displayedAs } from "../displayable.js";
import { described } from "../provenance.js";
import { foldedText, oneLine } from "./fold.js";
import { type Html, html, visibleText } from "./html.js";
import { type Mark, markText, styles } from "./style.js";

/** An answer as it is shown: its text and how it compares with the reference. */
interface Compared {
  readonly text: string;
  /** Undefined where nobody can tell: no score was given, and the reference has no final answer. */
  readonly mark: Mark | undefined;
  /** Such as "78, not 79". */
  readonly remark: string | undefined;
}

/**
 * What several models say to the same questions, for `display` to show side by side: who is right, and how far the final answers are from
 * the reference's. Where no score is given, final answers are compared as GSM8K does (after `####`).
 *
 * @returns the same rows, with a way to be shown.
 * @example
 * display(answersSideBySide([{ question: "2 + 2?", reference: "#### 4", answers: { SFT: "#### 5", ILR: "2 + 2 = 4 #### 4" } }]));
 */
export function answersSideBySide(rows: readonly ComparedAnswers[]): readonly ComparedAnswers[] {
  return displayedAs([...rows], ({ rows: limit }) => {
    const shown = rows.slice(0, limit);
    const data = { "text/html": answersHtml(rows, shown).toString(), "text/plain": answersText(rows, shown) };
    return described({ data, metadata: {} }, { kind: "answers" });
  });
}

function answersHtml(rows: readonly ComparedAnswers[], shown: readonly ComparedAnswers[]): Html {
  const names = modelsOf(rows);
  return html`<div style="line-height:1.4">
<div style="${styles.quiet}">${countsLine(rows)}</div>
<div style="overflow-x:auto"><table style="${styles.wideTable};min-width:${190 * (names.length + 1)}px">
<thead><tr>${["reference", ...names].map((name) => html`<th style="${styles.left}">${name}</th>`)}</tr></thead>
<tbody>
${shown.map((row, i) => questionRows(row, i, names))}
</tbody>
</table></div>${hintOf(rows, shown).map((hint) => html`<p><em>${hint}</em></p>`)}
</div>`;
}

function questionRows(row: ComparedAnswers, index: number, names: readonly string[]): Html {
  const reference = html`<td style="${styles.left}"><div style="${styles.neutral}">${finalAnswer(row.reference)}</div>${foldedText(row.reference)}</td>`;
  const cells = names.map((name) => {
    const compared = comparedAnswer(row, name);
    if (compared === undefined)
      return html`<td style="${styles.left}"><span style="${styles.small}">no answer</span></td>`;
    const { text, mark, remark } = compared;
    const verdict =
      mark &&
      html`<div><span style="${styles[mark.tone]}">${markText(mark)}</span>${remark && html` <span style="${styles.small}">${remark}</span>`}</div>`;
    return html`<td style="${styles.left}">${verdict}${foldedText(text)}</td>`;
  });
  return html`<tr style="${styles.row}"><td colspan="${names.length + 1}" style="${styles.left};padding-top:10px"><strong>${index + 1}.</strong> ${foldedText(row.question, `${styles.asked};display:inline`)}</td></tr>
<tr>${reference}${cells}</tr>`;
}

function answersText(rows: readonly ComparedAnswers[], shown: readonly ComparedAnswers[]): string {
  const names = modelsOf(rows);
  const width = Math.max(...["reference", ...names].map((name) => name.length));
  const blocks = shown.flatMap((row, i) => [
    `${i + 1}. ${oneLine(row.question)}`,
    `   ${"reference".padEnd(width)}  ${oneLine(row.reference)}`,
    ...names.flatMap((name) => {
      const compared = comparedAnswer(row, name);
      if (compared === undefined) return [];
      const { mark, remark, text } = compared;
      const verdict = mark ? `${markText(mark)}${remark ? ` (${remark})` : ""}: ` : "";
      return [`   ${name.padEnd(width)}  ${verdict}${oneLine(text)}`];
    }),
  ]);
  return visibleText([countsLine(rows), ...blocks, ...hintOf(rows, shown)].join("\n"));
}

/** Every model that answered a question, in the order of the first that it answered. */
function modelsOf(rows: readonly ComparedAnswers[]): readonly string[] {
  return [...new Set(rows.flatMap(({ answers }) => Object.keys(answers)))];
}

function comparedAnswer({ answers, reference }: ComparedAnswers, name: string): Compared | undefined {
  const given = Object.hasOwn(answers, name) ? answers[name] : undefined;
  if (given === undefined) return undefined;
  const { text, correct }: JudgedAnswer = typeof given === "string" ? { text: given } : given;
  const [got, expected] = [finalAnswer(text), finalAnswer(reference)];
  const right = correct ?? (expected === undefined ? undefined : finalAnswerMatch(text, reference) === 1);
  if (right === undefined) return { text, mark: undefined, remark: undefined };
  if (right) return { text, mark: { glyph: "✓", word: "right", tone: "good" }, remark: got };
  const remark = expected === undefined ? undefined : `${got ?? "no final answer"}, not ${expected}`;
  return { text, mark: { glyph: "✗", word: "wrong", tone: "bad" }, remark };
}

function countsLine(rows: readonly ComparedAnswers[]): string {
  const counts = modelsOf(rows).flatMap((name) => {
    const judged = rows.flatMap((row) => comparedAnswer(row, name)?.mark ?? []);
    return judged.length === 0
      ? []
      : [`${name} ${judged.filter(({ tone }) => tone === "good").length}/${judged.length}`];
  });
  return `${rows.length} ${rows.length === 1 ? "question" : "questions"}${counts.length > 0 ? `, right: ${counts.join(", ")}` : ""}`;
}

function hintOf(rows: readonly ComparedAnswers[], shown: readonly ComparedAnswers[]): readonly string[] {
  if (shown.length === rows.length) return [];
  return [`${shown.length} of ${rows.length} questions; display(answers, { rows: ${rows.length} }) shows all`];
}

import type { RunRecord } from "../../experiments/index.js";
import {
  armCurves,
  duration,
  type Interval,
  lastPoint,
  markdownTable,
  pairedDifference,
  points,
  sftCurve,
  textTable,
  verdicts,
} from "../../results/index.js";
import type { Rendered } from "../displayable.js";
import { described } from "../provenance.js";
import { verdictLine } from "./claims.js";
import { withCommas } from "./fold.js";
import { type Html, html, visibleText } from "./html.js";
import { markText, styles } from "./style.js";

/** An arm at its last round, as text. */
interface ArmRow {
  readonly arm: string;
  readonly round: string;
  readonly accuracy: string;
  readonly gain: string;
}

const columns = ["arm", "round", "test accuracy, %", "gain over SFT, points"] as const;

/** A run in brief: what it was, how its arms came out, and what that says about the claims. */
export function runCard(run: RunRecord): Rendered {
  const rows = armRows(run);
  const data = {
    "text/html": cardHtml(run, rows).toString(),
    "text/markdown": cardMarkdown(run, rows),
    "text/plain": visibleText(cardText(run, rows)),
  };
  return described({ data, metadata: {} }, { kind: "summary" });
}

function cardHtml(run: RunRecord, rows: readonly ArmRow[]): Html {
  const [first, ...others] = columns;
  return html`<div style="${styles.card}">
<div style="${styles.title}">${run.provenance.experiment.title}</div>
${facts(run).map((line) => html`<div style="${styles.quiet}">${line}</div>`)}
<table style="${styles.table}">
<thead><tr><th style="${styles.left}">${first}</th>${others.map((name) => html`<th style="${styles.right}">${name}</th>`)}</tr></thead>
<tbody>
${rows.map(
  ({ arm, round, accuracy, gain }) =>
    html`<tr style="${styles.row}"><td style="${styles.left}">${arm}</td>${[round, accuracy, gain].map((cell) => html`<td style="${styles.right}">${cell}</td>`)}</tr>`,
)}
</tbody>
</table>
<div>${verdictLine(verdicts(run)).map(({ text, mark }) => html`<span style="white-space:nowrap;margin-right:16px"><strong>${text}</strong> <span style="${styles[mark.tone]}">${markText(mark)}</span></span>`)}</div>
</div>`;
}

function cardMarkdown(run: RunRecord, rows: readonly ArmRow[]): string {
  const cells = rows.map((row) => [row.arm, row.round, row.accuracy, row.gain].map(plainMarkdown));
  const lines = facts(run).map((line) => `${plainMarkdown(line)}  `);
  const outcome = verdictLine(verdicts(run)).map(({ text, mark }) => `**${plainMarkdown(text)}** ${markText(mark)}`);
  const title = `**${plainMarkdown(run.provenance.experiment.title)}**  `;
  return [title, ...lines, "", markdownTable([[...columns], ...cells]), "", outcome.join(" · ")].join("\n");
}

function cardText(run: RunRecord, rows: readonly ArmRow[]): string {
  const cells = rows.map(({ arm, round, accuracy, gain }) => [arm, round, accuracy, gain]);
  const outcome = verdictLine(verdicts(run)).map(({ text, mark }) => `${text} ${markText(mark)}`);
  return [
    run.provenance.experiment.title,
    ...facts(run),
    "",
    textTable([[...columns], ...cells]),
    "",
    outcome.join("  "),
  ].join("\n");
}

function facts({ points: all, provenance }: RunRecord): readonly string[] {
  const { experiment, counts, wallSeconds, backend, machine } = provenance;
  const seeds = experiment.seeds.length === 1 ? `seed ${experiment.seeds[0]}` : `seeds ${experiment.seeds.join(", ")}`;
  const questions = [...new Set(all.map(({ testCount }) => testCount))].map(withCommas).join(" / ");
  return [
    `${experiment.name} · ${seeds} · ${questions} test questions`,
    `${duration(wallSeconds)} · ${withCommas(counts.executed)} steps executed, ${withCommas(counts.cached)} from the store · ${backend} on ${machine}`,
  ];
}

function armRows(run: RunRecord): readonly ArmRow[] {
  return armCurves(run).map((curve) => {
    const sft = sftCurve(run, curve.arm);
    const last = lastPoint(curve);
    const gain = sft && sft !== curve ? pairedDifference(last, lastPoint(sft)) : null;
    return {
      arm: curve.arm,
      round: String(last.round),
      accuracy: estimate(last.accuracy),
      gain: gain ? effect(gain) : "",
    };
  });
}

/** A share in %, with half its interval. */
function estimate({ value, low, high }: Interval): string {
  return `${(100 * value).toFixed(1)} ± ${(50 * (high - low)).toFixed(1)}`;
}

function effect({ value, low, high }: Interval): string {
  return `${points(value)} [${points(low)}, ${points(high)}]`;
}

/** Text that Markdown takes as nothing but text; pipes are left to the table. */
function plainMarkdown(text: string): string {
  return visibleText(text)
    .replaceAll(/\s*\n\s*/g, " ")
    .replaceAll(/[\\`*_{}[\]()#!~<>&$]/g, (character) => `&#${character.charCodeAt(0)};`);
}

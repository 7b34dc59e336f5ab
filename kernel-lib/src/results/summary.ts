import type { RunRecord } from "../experiments/index.js";
import {
  type ArmCurve,
  accuracyBesideSft,
  armCurves,
  type CurvePoint,
  heldOutAccuracy,
  lastPoint,
  sftCurve,
} from "./curves.js";
import { metricOf } from "./metric.js";
import type { Interval } from "./statistics/index.js";

export type SummaryFormat = "text" | "markdown";

/**
 * The results as one table: arms in rows; test accuracy by round in columns, in %, with half the 95 % interval of its difference to
 * SFT (of SFT itself: of its accuracy); and, at the last round, label accuracy, divergence from SFT, and how good the comparisons were on held-out pairs and on those met.
 *
 * @param format `text` for terminals, `markdown` for notebooks and READMEs.
 * @example
 * console.log(summaryTable(run));
 */
export function summaryTable(run: RunRecord, format: SummaryFormat = "text"): string {
  const curves = armCurves(run);
  const rounds = [...new Set(curves.flatMap(({ points }) => points.map(({ round }) => round)))].sort((a, b) => a - b);
  const header = ["arm", ...rounds.map((round) => `round ${round}`), "labels", "KL", "held-out", "met"];
  const shown = accuracyBesideSft(run);
  const rows = curves.map((curve) => [
    curve.arm,
    ...rounds.map((round) => cellOf(curve, round, shown)),
    ...lastCells(run, curve),
  ]);
  const table = format === "markdown" ? markdownTable([header, ...rows]) : textTable([header, ...rows]);
  return `${table}\n\n${caption(run)}`;
}

/** Aligned text: the first column to the left, the others to the right. */
export function textTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  ");
  const [header, ...body] = rows.map(line);
  return [header, widths.map((width) => "-".repeat(width)).join("  "), ...body].join("\n");
}

/** A Markdown table, aligned in the source too; pipes are escaped. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const escaped = rows.map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = escaped[0]!.map((_, column) => Math.max(3, ...escaped.map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(" | ")} |`;
  const rule = `|${widths.map((width, i) => (i === 0 ? "-".repeat(width + 2) : `${"-".repeat(width + 1)}:`)).join("|")}|`;
  const [header, ...body] = escaped.map(line);
  return [header, rule, ...body].join("\n");
}

function cellOf({ points }: ArmCurve, round: number, shown: (point: CurvePoint) => Interval): string {
  const point = points.find((candidate) => candidate.round === round);
  return point === undefined ? "" : `${percent(point.accuracy)} ± ${halfOf(shown(point))}`;
}

function lastCells(run: RunRecord, curve: ArmCurve): string[] {
  const { labelAccuracy, kl, comparisons } = lastPoint(curve);
  const heldOut = curve.description?.comparisons === "evaluator" ? heldOutAccuracy(run) : null;
  return [percent(labelAccuracy), kl === null ? "" : kl.value.toFixed(2), percent(heldOut), percent(comparisons)];
}

function caption(run: RunRecord): string {
  const { title, labels, rate } = metricOf(run);
  const counts = [...new Set(run.points.map(({ testCount }) => testCount))].join(" / ");
  const seeds = [...new Set(run.points.map(({ seed }) => seed))];
  const of = sftCurve(run) === undefined ? "" : ` of the difference to SFT, of SFT itself: of its ${rate}`;
  return [
    `${title} in %, ± half of the 95 % interval${of} (${counts} questions; ${seedsText(seeds)}). Round 0 is SFT, before the first round of ILR or DPO.`,
    `At the last round: labels = ${labels} in %; KL from SFT in nats an answer; comparisons that prefer the correct answer, in %, on held-out pairs and on the pairs met.`,
  ].join("\n");
}

function seedsText(seeds: readonly number[]): string {
  if (seeds.length === 1) return `seed ${seeds[0]} only: the spread between seeds is not in it`;
  return `${seeds.length} seeds, by Student's t over them`;
}

function percent(interval: Interval | null): string {
  return interval === null ? "" : (100 * interval.value).toFixed(1);
}

function halfOf({ low, high }: Interval): string {
  return (50 * (high - low)).toFixed(1);
}

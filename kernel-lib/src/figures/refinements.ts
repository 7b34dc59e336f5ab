import type { LabelChange, LabelOutcome } from "../results/index.js";
import { labelOutcome } from "../results/index.js";
import type { Figure, Trace } from "./figure.js";
import { ink } from "./theme.js";

/** Colours that stay apart under colour blindness; markers tell the same without colour. */
const looks: Readonly<Record<LabelOutcome, { readonly color: string; readonly symbol: string }>> = {
  fixed: { color: "#009E73", symbol: "circle" },
  broken: { color: "#D55E00", symbol: "x" },
  "still right": { color: "#0072B2", symbol: "circle-open" },
  "still wrong": { color: "#882255", symbol: "x-open" },
  unjudged: { color: "#332288", symbol: "diamond" },
  kept: { color: "#999999", symbol: "line-ns-open" },
};
const outcomes = Object.keys(looks) as readonly LabelOutcome[];

/** Rows of a table: what is beyond is counted in its head. */
const mostRows = 40;
/** Characters of a text in a cell. */
const longest = 160;

/** An entry of the menu. */
interface View {
  readonly name: string;
  readonly rows: readonly LabelChange[];
}

/**
 * Labels that were compared, and what became of them: a point each at the source's belief and its round, and under it the replaced ones as a
 * table. One menu chooses for both: all of them, an outcome, a round, or a kind of question. It needs no kernel.
 *
 * @param rows such as `run.refinements` draws: all rounds of an arm.
 * @example
 * refinements("ILR (evaluator)", await storedRefinements(run, store, { arm: "ILR (evaluator)" }));
 */
export function refinements(arm: string, rows: readonly LabelChange[]): Figure {
  const views = viewsOf(rows);
  const drawn = views.map((view, i) => tracesOf(view, i === 0));
  const count = drawn.flat().length;
  let start = 0;
  const buttons = drawn.map((traces, i) => {
    const from = start;
    start += traces.length;
    const visible = Array.from({ length: count }, (_, at) => at >= from && at < start);
    return {
      label: views[i]!.name,
      method: "update",
      args: [{ visible }, { "title.subtitle.text": about(views[i]!) }],
    };
  });
  return {
    data: drawn.flat(),
    layout: {
      title: { text: `What ${arm} made of the labels`, subtitle: { text: about(views[0]!) } },
      ...{ width: 980, height: 860, margin: { t: 84, l: 72, r: 24, b: 16 } },
      xaxis: { title: "the source's belief that the proposal is better", range: [-0.03, 1.03], domain: [0, 1] },
      yaxis: { title: "round", domain: [0.62, 1], dtick: 1, range: roundRange(rows), autorange: false },
      legend: { orientation: "h", x: 0, y: 0.54, yanchor: "top" },
      updatemenus: [{ buttons, x: 1, xanchor: "right", y: 1.11, yanchor: "top", showactive: true }],
    },
  };
}

function viewsOf(rows: readonly LabelChange[]): readonly View[] {
  const by = <T>(of: (row: LabelChange) => T | undefined, name: (value: T) => string): readonly View[] =>
    [...new Set(rows.flatMap((row) => of(row) ?? []))]
      .sort()
      .map((value) => ({ name: name(value as T), rows: rows.filter((row) => of(row) === value) }));
  const changed = (row: LabelChange): string | undefined =>
    ["fixed", "broken"].includes(labelOutcome(row)) ? labelOutcome(row) : undefined;
  return [
    { name: "all labels", rows },
    ...by(changed, (outcome) => `only ${outcome}`),
    ...by(
      ({ round }) => round,
      (round) => `round ${round}`,
    ),
    ...by(
      ({ category }) => category,
      (category) => `questions: ${category}`,
    ),
  ];
}

function tracesOf({ rows }: View, visible: boolean): readonly Trace[] {
  const compared = rows.filter(({ score }) => typeof score === "number");
  const points = outcomes.flatMap((outcome): Trace[] => {
    const own = compared.filter((row) => labelOutcome(row) === outcome);
    return own.length === 0 ? [] : [pointsOf(outcome, own, visible)];
  });
  return [...points, tableOf(rows, visible)];
}

function pointsOf(outcome: LabelOutcome, rows: readonly LabelChange[], visible: boolean): Trace {
  const { color, symbol } = looks[outcome];
  return {
    ...{ type: "scatter", mode: "markers", name: `${outcome} (${rows.length})`, visible },
    x: rows.map(({ score }) => score ?? null),
    // Side by side by outcome, and spread within: no points behind points, and the same spread each time.
    y: rows.map(
      ({ round = 0 }, i) => round + 0.11 * (outcomes.indexOf(outcome) - 2.5) + 0.08 * (((i * 0.618) % 1) - 0.5),
    ),
    ...(outcome === "kept" ? hoverOfKept : { text: rows.map(wholeText), hovertemplate: "%{text}<br>belief %{x:.2f}" }),
    marker: { color, symbol, size: 7, line: { width: 1.5, color } },
  };
}

/** Kept labels are most of all, and their texts would be most of a notebook: `run.labelChanges` has them. */
const hoverOfKept = { hovertemplate: "kept; belief %{x:.2f}" } as const;

function wholeText({ question, before, after }: LabelChange): string {
  return [question, `− ${before}`, `+ ${after}`].map(cell).join("<br>");
}

function tableOf(rows: readonly LabelChange[], visible: boolean): Trace {
  const shown = rows
    .filter(({ accepted }) => accepted)
    .sort(
      (a, b) =>
        outcomes.indexOf(labelOutcome(a)) - outcomes.indexOf(labelOutcome(b)) || (b.score ?? 0) - (a.score ?? 0),
    )
    .slice(0, mostRows);
  const columns: readonly [string, number, (row: LabelChange) => string][] = [
    ["round", 48, ({ round }) => String(round ?? "")],
    ["outcome", 70, (row) => labelOutcome(row)],
    ["belief", 48, ({ score }) => (typeof score === "number" ? score.toFixed(2) : "")],
    ["kind", 104, ({ category }) => category ?? ""],
    ["question", 240, ({ question }) => cell(question)],
    ["label before", 180, ({ before }) => cell(before)],
    ["label after", 180, ({ after }) => cell(after)],
  ];
  return {
    ...{ type: "table", visible, domain: { x: [0, 1], y: [0, 0.46] } },
    columnwidth: columns.map(([, width]) => width),
    header: { values: columns.map(([name]) => `<b>${name}</b>`), align: "left", font: { color: ink.text } },
    cells: {
      ...{ values: columns.map(([, , of]) => shown.map(of)), align: "left", font: { size: 11, color: ink.text } },
      line: { color: "#DDDDDD" },
    },
  };
}

/** Text for plotly, which reads tags in it: cut, and without any. */
function cell(text: string): string {
  const short = text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
  return short.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function about({ rows }: View): string {
  const count = (outcome: LabelOutcome): number => rows.filter((row) => labelOutcome(row) === outcome).length;
  const replaced = rows.filter(({ accepted }) => accepted).length;
  const cut = replaced > mostRows ? `; the table has ${mostRows} of the replaced` : "";
  const judged = count("unjudged") > 0 ? "" : `, ${count("fixed")} fixed, ${count("broken")} broken`;
  return `${rows.length} labels, ${replaced} replaced${judged}${cut}`;
}

function roundRange(rows: readonly LabelChange[]): readonly number[] {
  const rounds = rows.map(({ round = 0 }) => round);
  return [Math.min(...rounds) - 0.5, Math.max(...rounds) + 0.5];
}

import { LabError } from "../core/index.js";
import type { RunRecord } from "../experiments/index.js";
import { type Interval, type OracleErrors, type PhaseCell, type PhaseSide, phaseCells } from "../results/index.js";
import { percentages, plainLine } from "./curve-traces.js";
import { divergingColor, textOn } from "./diverging.js";
import type { Figure, Layout, Trace } from "./figure.js";
import { heading, pairedBars } from "./heading.js";
import type { MethodStyle } from "./method-style.js";
import { missingArms } from "./missing-arms.js";
import { ink, methodLine } from "./theme.js";

/**
 * ILR against DPO by how accurate comparisons are and how much ILR may replace (not in the paper): above, ILR minus DPO in test accuracy at the
 * last round with paired 95 % intervals, a line for each alpha; below, the same as a map. DPO's learning rate is the best on the validation
 * split for each accuracy.
 *
 * @throws LabError `input-missing` for a run without ILR and DPO at two accuracies of a noisy oracle, or without validation accuracies to choose by.
 */
export function phaseDiagram(run: RunRecord): Figure {
  const chosen = "DPO's rate chosen on validation";
  const what = "ILR against DPO at two accuracies of a noisy oracle";
  const cells = phaseCells(run).flatMap(({ difference, ...cell }): readonly Compared[] =>
    difference === null ? [] : [{ ...cell, difference }],
  );
  return phaseFigure(run, cells, { what, title: "ILR minus DPO by accuracy of comparisons", about: chosen });
}

/** How far apart two divergences may be, as a ratio, to count as the same. */
const MATCHED = 1.5;

/**
 * The same at matched divergence from SFT: ILR at its last round against DPO at whatever round and learning rate has come as far (nearest by ratio,
 * at most 1.5). Places without such a DPO are empty.
 *
 * @throws LabError `input-missing` where no ILR has a DPO that came as far, with how near the nearest came.
 */
export function phaseAtMatchedKl(run: RunRecord): Figure {
  const all = phaseCells(run);
  const cells = all.flatMap(({ matched, ...cell }): readonly Compared[] =>
    matched?.difference && matched.ratio <= MATCHED ? [{ ...cell, dpo: matched, difference: matched.difference }] : [],
  );
  if (cells.length === 0 && all.length > 0) throw farApart(run, all);
  const about = "DPO's rate and round those nearest in KL";
  const what = "ILR and DPO that came equally far from SFT";
  return phaseFigure(run, cells, { what, title: "ILR minus DPO at matched divergence from SFT", about });
}

function farApart(run: RunRecord, cells: readonly PhaseCell[]): LabError {
  const nearest = Math.min(...cells.map(({ matched }) => matched?.ratio ?? Number.POSITIVE_INFINITY));
  const found = Number.isFinite(nearest)
    ? `the nearest is ${nearest.toFixed(1)} times off`
    : "no divergence of the two is known";
  const { name } = run.provenance.experiment;
  return new LabError("input-missing", `no DPO of ${name} came within ${MATCHED} times of ILR's divergence: ${found}`, {
    hint: "arms of DPO with other learning rates or betas, or more rounds, come elsewhere",
  });
}

interface Words {
  /** What the run must have. */
  readonly what: string;
  readonly title: string;
  readonly about: string;
}

function phaseFigure(run: RunRecord, cells: readonly Compared[], { what, title, about }: Words): Figure {
  const accuracies = [...new Set(cells.map(({ accuracy }) => accuracy))].sort((a, b) => a - b);
  if (accuracies.length === 0) throw missingArms(run, what, hasPhases);
  const rows = rowsOf(cells);
  const step = Math.min(0.1, ...accuracies.slice(1).map((accuracy, i) => accuracy - accuracies[i]!));
  const ends = [accuracies[0]! - step / 2, accuracies.at(-1)! + step / 2] as const;
  const limit = Math.max(0.01, ...cells.map(({ difference }) => Math.abs(difference.value)));
  return {
    data: [
      plainLine(ends, 0),
      ...rows.map((row, index) => lineOf(row, { index, count: rows.length, step })),
      ...mapTexts(rows, limit),
    ],
    layout: {
      title: heading(title, run, `${pairedBars}; ${about}`),
      height: 420 + 34 * rows.length,
      ...axesOf(rows, accuracies, ends),
      shapes: rows.flatMap((row, place) => row.cells.map((cell) => tile(cell, { place, step, limit }))),
      annotations: [mapTitle(rows.length)],
    },
  };
}

/** A cell whose sides share seeds. */
interface Compared extends Pick<PhaseCell, "accuracy" | "errors" | "alpha" | "ilr" | "dpo"> {
  readonly difference: Interval;
}

/** Places of the diagram with one alpha and one kind of errors. */
interface Row {
  readonly name: string;
  readonly style: MethodStyle;
  readonly cells: readonly Compared[];
}

/** From dark to light, apart under colour blindness; markers and dashes for print. */
const looks: readonly MethodStyle[] = [
  { color: "#440154", symbol: "circle", dash: "solid" },
  { color: "#2C728E", symbol: "square", dash: "dash" },
  { color: "#C2780C", symbol: "diamond", dash: "dashdot" },
  { color: "#7F7F7F", symbol: "triangle-up", dash: "longdash" },
  { color: "#B0305C", symbol: "cross", dash: "longdashdot" },
];

const errorWords: { readonly [errors in OracleErrors]: string } = {
  "by-pair": "",
  redrawn: "",
  "by-question": ", fixed errors",
};

function rowsOf(cells: readonly Compared[]): readonly Row[] {
  const groups = new Map<string, Compared[]>();
  for (const cell of cells) {
    const name = `alpha ${cell.alpha}${errorWords[cell.errors]}`;
    groups.set(name, [...(groups.get(name) ?? []), cell]);
  }
  const alphas = [...new Set(cells.map(({ alpha }) => alpha))].sort((a, b) => a - b);
  return [...groups].map(([name, own]) => {
    const { color, symbol, dash } = looks[alphas.indexOf(own[0]!.alpha) % looks.length]!;
    const isFixed = own[0]!.errors === "by-question";
    return {
      name,
      cells: own,
      style: isFixed ? { color, symbol: `${symbol}-open`, dash: "dot" } : { color, symbol, dash },
    };
  });
}

/** Lines stand side by side at each accuracy, so that intervals do not cover each other. */
function lineOf({ name, cells, style }: Row, place: { index: number; count: number; step: number }): Trace {
  const shift = 0.12 * place.step * (place.index - (place.count - 1) / 2);
  const line = methodLine(
    name,
    cells.map(({ accuracy }) => accuracy + shift),
    cells.map(({ difference }) => percentages(difference)),
    style,
  );
  return { ...line, text: cells.map(sidesText), hovertemplate: "%{y:+.1f} points: %{text}" };
}

function sidesText({ ilr, dpo }: Compared): string {
  const side = ({ arm, round, kl }: PhaseSide): string =>
    `${arm}, round ${round}${kl === null ? "" : ` (KL ${kl.toFixed(2)})`}`;
  return `${side(ilr)} against ${side(dpo)}`;
}

/** The numbers of the map, in brackets where the interval holds zero. */
function mapTexts(rows: readonly Row[], limit: number): readonly Trace[] {
  return rows.map(({ name, cells }, place) => ({
    ...{ type: "scatter", mode: "text", name, legendgroup: name, showlegend: false, xaxis: "x", yaxis: "y2" },
    x: cells.map(({ accuracy }) => accuracy),
    y: cells.map(() => place),
    text: cells.map(({ difference }) => {
      const number = signed(100 * difference.value);
      return difference.low > 0 || difference.high < 0 ? `<b>${number}</b>` : `(${number})`;
    }),
    textfont: { size: 12, color: cells.map(({ difference }) => textOn(divergingColor(difference.value / limit))) },
    hovertext: cells.map(sidesText),
    hoverinfo: "text",
  }));
}

function signed(points: number): string {
  const text = Math.abs(points).toFixed(1);
  return `${points < 0 && Number(text) > 0 ? "−" : "+"}${text}`;
}

function tile({ accuracy, difference }: Compared, at: { place: number; step: number; limit: number }): Layout {
  const { place, step, limit } = at;
  return {
    ...{ type: "rect", xref: "x", yref: "y2", layer: "below" },
    ...{ x0: accuracy - step / 2, x1: accuracy + step / 2, y0: place - 0.5, y1: place + 0.5 },
    fillcolor: divergingColor(difference.value / limit),
    line: { color: "#FFFFFF", width: 2 },
  };
}

/** Share of the height that the map takes. */
const mapShare = (rows: number): number => Math.min(0.45, 0.1 + 0.06 * rows);

function axesOf(rows: readonly Row[], accuracies: readonly number[], ends: readonly [number, number]): Layout {
  const share = mapShare(rows.length);
  return {
    xaxis: {
      ...{ title: { text: "accuracy of comparisons" }, tickvals: accuracies, range: ends, anchor: "y2" },
      ...{ ticktext: accuracies.map((accuracy) => String(accuracy)), showgrid: false },
    },
    yaxis: { title: { text: "ILR − DPO (points)" }, domain: [share + 0.14, 1] },
    yaxis2: {
      ...{ domain: [0, share], range: [-0.5, rows.length - 0.5], tickvals: rows.map((_, i) => i), showgrid: false },
      ...{ ticktext: rows.map(({ name }) => name.replace(", ", "<br>")), ticks: "", showline: false },
    },
  };
}

function mapTitle(rows: number): Layout {
  return {
    text: "blue: ILR ahead; orange: DPO ahead;<br>in brackets: the interval holds 0",
    ...{ x: 0, y: mapShare(rows), xref: "paper", yref: "paper", xanchor: "left", yanchor: "bottom", showarrow: false },
    ...{ align: "left", font: { size: 12, color: ink.quiet } },
  };
}

/** Whether an experiment has ILR and DPO at two accuracies of a noisy oracle. */
function hasPhases({
  arms,
}: {
  readonly arms: readonly { readonly method: string; readonly comparisons?: unknown }[];
}): boolean {
  const accuraciesOf = (wanted: string): ReadonlySet<unknown> =>
    new Set(
      arms.flatMap(({ method, comparisons }) =>
        method === wanted && typeof comparisons === "object" && comparisons !== null && "noisyOracle" in comparisons
          ? [comparisons.noisyOracle]
          : [],
      ),
    );
  const [ilr, dpo] = [accuraciesOf("ilr"), accuraciesOf("dpo")];
  return [...ilr].filter((accuracy) => dpo.has(accuracy)).length > 1;
}

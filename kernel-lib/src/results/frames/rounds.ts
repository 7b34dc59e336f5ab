import type { ColumnTable } from "arquero";
import type { Point, RunRecord } from "../../experiments/index.js";
import { countOf } from "../curves.js";
import { shareInterval } from "../statistics/index.js";
import { defineFrame, frameOf, type Row } from "./frame.js";
import { endColumns, ends, percent } from "./percent.js";
import { changeColumns, klColumns, pointColumns } from "./point-columns.js";

const columns = {
  ...pointColumns,
  ...endColumns("accuracy", "%", "Test questions answered right", "score interval over test questions"),
  labels: {
    type: "number",
    unit: "%",
    meaning: "Labels that the model was trained on that are correct (weak supervisor: of those it gave).",
  },
  proposals: { type: "number", unit: "%", meaning: "ILR: proposals that are correct, over all questions." },
  ...changeColumns,
  met: {
    type: "number",
    unit: "%",
    meaning: "How often the source preferred the correct answer, on the pairs it met of which exactly one was correct.",
  },
  pairs: { type: "integer", unit: "pairs", meaning: "How many such pairs it met." },
  selected: { type: "number", unit: "%", meaning: "DPO: the same as met, on the pairs that were trained on." },
  selectedPairs: {
    type: "integer",
    unit: "pairs",
    meaning: "DPO: pairs that were trained on, whatever their answers.",
  },
  ...klColumns,
} as const;

export const rounds = defineFrame(columns, (run: RunRecord) => run.points.map(roundsRow));

/**
 * One row a point: a seed, an arm and a round. Shares are in %, with the ends of their 95 % interval over test questions;
 * `kl` is in nats an answer; what does not apply is null.
 *
 * @example
 * roundsFrame(run).filter((row) => row.round === 3).orderby("accuracy");
 */
export function roundsFrame(run: RunRecord): ColumnTable {
  return frameOf(rounds.columns, rounds.rowsOf(run));
}

function roundsRow(point: Point): Row<typeof columns> {
  const { seed, arm, method, round, accepted, fixed, broken, kl, klError } = point;
  return {
    ...{ seed, arm, method, round },
    ...ends("accuracy", shareInterval([countOf(point)])),
    labels: percent(point.labelAccuracy),
    proposals: percent(point.proposalAccuracy),
    ...{ accepted, fixed, broken },
    met: percent(point.comparisonAccuracy),
    pairs: point.comparisonCount,
    selected: percent(point.selectedAccuracy),
    selectedPairs: point.selectedCount,
    ...{ kl, klError },
  };
}

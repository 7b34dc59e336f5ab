import type { ColumnTable } from "arquero";
import type { Point, RunRecord } from "../../experiments/index.js";
import { armCurves } from "../curves.js";
import { shareInterval } from "../statistics/index.js";
import { defineFrame, frameOf, type Row } from "./frame.js";
import { endColumns, ends, percent } from "./percent.js";
import { pointColumns } from "./point-columns.js";

const columns = {
  arm: pointColumns.arm,
  round: pointColumns.round,
  seeds: { type: "integer", unit: "seeds", meaning: "How many seeds are taken together." },
  proposals: { type: "number", unit: "%", meaning: "Proposals that are correct, over all questions." },
  disputed: {
    type: "number",
    unit: "labels",
    meaning: "Labels that were compared with a proposal that disagrees, mean over seeds.",
  },
  onlyProposal: {
    type: "number",
    unit: "%",
    meaning: "Of the disagreements, those in which only the proposal is correct.",
  },
  onlyLabel: { type: "number", unit: "%", meaning: "Of the disagreements, those in which only the label is correct." },
  ...endColumns(
    "wins",
    "%",
    "Of the disagreements with exactly one correct answer, those in which that is the proposal, mean over seeds",
    "over seeds, or over the questions of one",
  ),
} as const;

export const proposals = defineFrame(columns, (run: RunRecord) =>
  armCurves(run).flatMap(({ arm, points }) =>
    points.flatMap(({ round }) => {
      const ofRound = run.points.filter((point) => point.arm === arm && point.round === round);
      return ofRound.some(({ disputed }) => typeof disputed === "number") ? [proposalsRow(arm, round, ofRound)] : [];
    }),
  ),
);

/**
 * One row an arm and round that compares proposals with labels, seeds together: how often they disagree, and who is right then, in %. `wins` is
 * the share of the disagreements with exactly one correct answer in which that is the proposal, mean over seeds with its 95 % interval.
 *
 * @example
 * proposalsFrame(run).filter((row) => row.round === 1).select("arm", "proposals", "disputed", "onlyProposal", "onlyLabel", "wins");
 */
export function proposalsFrame(run: RunRecord): ColumnTable {
  return frameOf(proposals.columns, proposals.rowsOf(run));
}

function proposalsRow(arm: string, round: number, points: readonly Point[]): Row<typeof columns> {
  // A seed in which nothing was disputed counts with the others.
  const sum = (field: "disputed" | "onlyProposalCorrect" | "onlyLabelCorrect" | "proposalAccuracy"): number =>
    points.reduce((total, point) => total + (point[field] ?? 0), 0);
  const disputed = sum("disputed");
  const [proposal, label] = [sum("onlyProposalCorrect"), sum("onlyLabelCorrect")];
  const decided = points
    .map(({ onlyProposalCorrect, onlyLabelCorrect }) => ({
      right: onlyProposalCorrect ?? 0,
      count: (onlyProposalCorrect ?? 0) + (onlyLabelCorrect ?? 0),
    }))
    .filter(({ count }) => count > 0);
  const wins = decided.length === 0 ? null : shareInterval(decided);
  return {
    ...{ arm, round, seeds: points.length },
    proposals: percent(sum("proposalAccuracy") / points.length),
    disputed: disputed / points.length,
    onlyProposal: percent(proposal / disputed),
    onlyLabel: percent(label / disputed),
    ...ends("wins", wins),
  };
}

import { type ColumnTable, from } from "arquero";
import type { Point, RunRecord } from "../experiments/index.js";
import { armCurves } from "./curves.js";
import { shareInterval } from "./statistics/index.js";

/**
 * One row an arm and round that compares proposals with labels, seeds together: how often they disagree, and who is right then, in %. `wins` is
 * the share of the disagreements with exactly one correct answer in which that is the proposal, mean over seeds with its 95 % interval.
 *
 * @example
 * proposalsFrame(run).filter((row) => row.round === 1).select("arm", "proposals", "disputed", "onlyProposal", "onlyLabel", "wins");
 */
export function proposalsFrame(run: RunRecord): ColumnTable {
  return from(
    armCurves(run).flatMap(({ arm, points }) =>
      points.flatMap(({ round }) => {
        const ofRound = run.points.filter((point) => point.arm === arm && point.round === round);
        return ofRound.some(({ disputed }) => typeof disputed === "number") ? [proposalsRow(arm, round, ofRound)] : [];
      }),
    ),
  );
}

function proposalsRow(arm: string, round: number, points: readonly Point[]): object {
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
  const wins = decided.length === 0 ? undefined : shareInterval(decided);
  const percent = (share: number | undefined): number | null => (share === undefined ? null : 100 * share);
  return {
    ...{ arm, round, seeds: points.length },
    proposals: percent(sum("proposalAccuracy") / points.length),
    disputed: disputed / points.length,
    onlyProposal: percent(proposal / disputed),
    onlyLabel: percent(label / disputed),
    ...{ wins: percent(wins?.value), winsLow: percent(wins?.low), winsHigh: percent(wins?.high) },
  };
}

import type { ColumnTable } from "arquero";
import type { RunRecord } from "../../experiments/index.js";
import { phaseCells } from "../phase.js";
import { defineFrame, frameOf } from "./frame.js";
import { endColumns, ends, percent } from "./percent.js";

const how = "over seeds, or over the questions of one";
const kl = { type: "number", unit: "nats/answer" } as const;

const columns = {
  comparisons: {
    type: "number",
    unit: "share",
    meaning: "Accuracy of the comparisons that both methods are given, 0.5 to 1, as the arms ask for it.",
  },
  errors: {
    type: "text",
    unit: "name",
    meaning: "What wrong verdicts go with: the pair (by-pair), the question (by-question), or nothing (redrawn).",
  },
  alpha: {
    type: "number",
    unit: "share",
    meaning:
      "ILR: the most that a round replaces, as a share of the labels (all, or the disputed ones, as fidelity has it).",
  },
  ilr: { type: "text", unit: "name", meaning: "The arm of ILR." },
  dpo: {
    type: "text",
    unit: "name",
    meaning: "The arm of DPO: of its learning rates, that with the best validation accuracy, each at its last round.",
  },
  lr: { type: "number", unit: "1", meaning: "The learning rate of dpo." },
  validation: {
    type: "number",
    unit: "%",
    meaning: "Validation accuracy of dpo at its last round, mean over seeds; null where there was nothing to choose.",
  },
  ...endColumns("ilrGain", "points", "Paired difference in test accuracy of ilr to SFT, at its last round", how),
  ...endColumns("dpoGain", "points", "Paired difference in test accuracy of dpo to SFT, at its last round", how),
  ...endColumns("difference", "points", "Test accuracy of ilr less that of dpo, each at its last round", how),
  ilrKl: { ...kl, meaning: "Divergence of ilr from SFT at its last round, mean over seeds." },
  dpoKl: { ...kl, meaning: "Divergence of dpo from SFT at its last round, mean over seeds." },
  matched: {
    type: "text",
    unit: "name",
    meaning: "The arm of DPO, at any learning rate and round, whose divergence is nearest to that of ilr, by ratio.",
  },
  matchedRound: { type: "integer", unit: "round", meaning: "The round of matched at which it is." },
  matchedKl: { ...kl, meaning: "Divergence of matched at that round, mean over seeds." },
  ...endColumns(
    "matchedDifference",
    "points",
    "Test accuracy of ilr at its last round less that of matched at matchedRound",
    how,
  ),
} as const;

export const phase = defineFrame(columns, (run: RunRecord) =>
  phaseCells(run).map(({ ilr, dpo, matched, ...cell }) => ({
    ...{ comparisons: cell.accuracy, errors: cell.errors, alpha: cell.alpha },
    ...{ ilr: ilr.arm, dpo: dpo.arm, lr: cell.lr, validation: percent(cell.validation) },
    ...ends("ilrGain", ilr.gain),
    ...ends("dpoGain", dpo.gain),
    ...ends("difference", cell.difference),
    ...{ ilrKl: ilr.kl, dpoKl: dpo.kl },
    ...{ matched: matched?.arm ?? null, matchedRound: matched?.round ?? null, matchedKl: matched?.kl ?? null },
    ...ends("matchedDifference", matched?.difference ?? null),
  })),
);

/**
 * The phase diagram as rows, one a cell (`phaseCells`): shares in %, differences in points with 95 % intervals.
 *
 * `comparisons` is the comparisons' accuracy, 0.5 to 1, and `errors` whether wrong verdicts are tied to pairs, tied to questions, or drawn anew in every round. `lr` and
 * `validation` are of the arm of DPO that was chosen. `gain`s are over SFT, `difference` is ILR minus DPO, at the last round of each. `matched` is the
 * arm and `matchedRound` the round of DPO, at any learning rate, whose divergence from SFT is nearest to ILR's, by ratio: `matchedKl` says how near, in
 * nats; `matchedDifference` is ILR minus that.
 *
 * @throws LabError `input-missing` when there is nothing to choose a learning rate by.
 * @example
 * phaseFrame(run).filter((row) => row.alpha === 0.15 && row.errors === "redrawn").select("comparisons", "difference", "matchedDifference");
 */
export function phaseFrame(run: RunRecord): ColumnTable {
  return frameOf(phase.columns, phase.rowsOf(run));
}

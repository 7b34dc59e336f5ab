import type { Point, RunRecord } from "../../experiments/index.js";
import { changeColumns, defineFrame, klColumns, pointColumns, type Row } from "../frames/index.js";

const columns = {
  ...pointColumns,
  testAccuracy: {
    type: "number",
    unit: "share",
    meaning: "Mean score of the test answers, 0 to 1: the share that is right, where answers are right or wrong.",
  },
  testCount: { type: "integer", unit: "questions", meaning: "How many test questions were answered." },
  validationAccuracy: {
    type: "number",
    unit: "share",
    meaning: "The same on the validation split; null where the experiment does not ask for it.",
  },
  labelAccuracy: {
    type: "number",
    unit: "share",
    meaning: "Labels that the model was trained on that are correct, 0 to 1 (weak supervisor: of those it gave).",
  },
  ...changeColumns,
  proposalAccuracy: {
    type: "number",
    unit: "share",
    meaning: "ILR: proposals that are correct, over all questions, 0 to 1.",
  },
  labelCount: {
    type: "integer",
    unit: "labels",
    meaning: "Labels that the model was trained on, where the method decides that (ILR, filters).",
  },
  disputed: { type: "integer", unit: "labels", meaning: "Labels that were compared with a proposal that disagrees." },
  onlyProposalCorrect: {
    type: "integer",
    unit: "labels",
    meaning: "Of them, those of which only the proposal is correct.",
  },
  onlyLabelCorrect: { type: "integer", unit: "labels", meaning: "Of them, those of which only the label is correct." },
  comparisonAccuracy: {
    type: "number",
    unit: "share",
    meaning:
      "How often the source preferred the correct answer, 0 to 1, on the pairs it met of which exactly one was correct.",
  },
  comparisonCount: { type: "integer", unit: "pairs", meaning: "How many such pairs it met." },
  selectedAccuracy: { type: "number", unit: "share", meaning: "DPO: the same, on the pairs that were trained on." },
  selectedCount: {
    type: "integer",
    unit: "pairs",
    meaning: "DPO: pairs that were trained on, whatever their answers.",
  },
  ...klColumns,
  step: { type: "text", unit: "key", meaning: "Key of the step that trained the model, as in steps and losses." },
} as const;

/** One row a point, as it is recorded; the outcomes of its questions are the rows of `examples`. */
export const rounds = defineFrame(columns, (run: RunRecord) => run.points.map(roundsRow));

/** Fields that an older record lacks are null. */
function roundsRow({ correct, calibration, ...point }: Point): Row<typeof columns> {
  const { validationAccuracy = null, labelCount = null, disputed = null } = point;
  const { onlyProposalCorrect = null, onlyLabelCorrect = null } = point;
  return { ...point, validationAccuracy, labelCount, disputed, onlyProposalCorrect, onlyLabelCorrect };
}

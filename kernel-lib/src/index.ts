export { LabError } from "./core/index.js";
export {
  type DpoFields,
  dpo,
  type Experiment,
  type ExperimentInput,
  type IlrFields,
  ilr,
  type Method,
  type Point,
  type RunRecord,
} from "./experiments/index.js";
export {
  accuracyByKl,
  accuracyByRound,
  comparisonAccuracy,
  type Drawing,
  drawFigure,
  type Figure,
  gainByArm,
  labelAccuracy,
  mainFigure,
  methodLine,
} from "./figures/index.js";
export { type FigureName, type FrameName, type LabOptions, lab, type Run, type RunOrigin, runOf } from "./lab.js";
export {
  type Comparison,
  comparisonSource,
  type Dispute,
  type Disputes,
  type LossFormula,
  type OwnComparisons,
  preferenceLoss,
  type RefinementRule,
  refinementRule,
} from "./methods/index.js";
export { answersSideBySide, display, displayLive, labelDiff, markdown, runNotebook } from "./notebook/index.js";
export {
  type AnswerOptions,
  armsFrame,
  bootstrapMean,
  type ComparedAnswers,
  comparisonsFrame,
  type DifferenceOptions,
  describeDifference,
  describeEvaluator,
  describeLabels,
  describeProvenance,
  describeVerdicts,
  type Interval,
  type LabelChange,
  type LabelOptions,
  labelsFrame,
  pairedDifference,
  proposalsFrame,
  roundsFrame,
  selectArms,
  summaryTable,
  type Verdict,
  verdicts,
  wilsonInterval,
} from "./results/index.js";
export { type Task, taskByName } from "./tasks/index.js";

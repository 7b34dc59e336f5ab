export { LabError } from "./core/index.js";
export type { Experiment, ExperimentInput, Point, RunRecord } from "./experiments/index.js";
export {
  accuracyByKl,
  accuracyByRound,
  comparisonAccuracy,
  type Drawing,
  drawFigure,
  type Figure,
  labelAccuracy,
  mainFigure,
  methodLine,
} from "./figures/index.js";
export { type FigureName, type FrameName, type LabOptions, lab, type Run, type RunOrigin, runOf } from "./lab.js";
export {
  type ComparisonSource,
  dpo,
  evaluator,
  ilr,
  noisyOracle,
  oracle,
  type Refine,
  random,
  refineByComparison,
  replaceAtRandom,
  sft,
} from "./methods/index.js";
export { answersSideBySide, display, displayLive, labelDiff, markdown, runNotebook } from "./notebook/index.js";
export {
  type AnswerOptions,
  armsFrame,
  bootstrapMean,
  type ComparedAnswers,
  comparisonsFrame,
  describeEvaluator,
  describeLabels,
  describeProvenance,
  describeVerdicts,
  type Interval,
  type LabelChange,
  type LabelOptions,
  labelsFrame,
  pairedDifference,
  roundsFrame,
  summaryTable,
  type Verdict,
  verdicts,
} from "./results/index.js";
export { type Task, taskByName } from "./tasks/index.js";

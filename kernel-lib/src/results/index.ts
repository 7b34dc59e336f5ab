export { type BootstrapOptions, bootstrapMean, type Interval } from "./bootstrap.js";
export { compareRuns } from "./compare-runs.js";
export {
  type ArmCurve,
  armCurves,
  type CurvePoint,
  heldOutAccuracy,
  lastPoint,
  pairedDifference,
  sftCurve,
} from "./curves.js";
export { describeEvaluator, describeLabels, describeProvenance, describeVerdicts } from "./describe.js";
export { duration, percent, points } from "./format.js";
export { armsFrame, comparisonsFrame, differenceFrame, labelsFrame, roundsFrame } from "./frames.js";
export { type AnswerOptions, type ComparedAnswers, type JudgedAnswer, storedAnswers } from "./stored-answers.js";
export { type LabelChange, type LabelOptions, storedLabels } from "./stored-labels.js";
export { markdownTable, type SummaryFormat, summaryTable, textTable } from "./summary.js";
export {
  type Expectation,
  type Outcome,
  outcomeOf,
  type Reading,
  type Verdict,
  type VerdictOptions,
  verdicts,
} from "./verdicts.js";
export { wilsonInterval } from "./wilson.js";

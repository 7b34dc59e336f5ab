export { accuracyByCategory } from "./categories.js";
export { compareRuns } from "./compare-runs.js";
export { costsFrame } from "./costs.js";
export {
  type ArmCurve,
  armCurves,
  type CurvePoint,
  heldOutAccuracy,
  lastPoint,
  type Outcomes,
  pairedBootstrap,
  pairedDifference,
  pairedTables,
  sftCurve,
} from "./curves.js";
export {
  describeEvaluator,
  describeIntervals,
  describeLabels,
  describeProvenance,
  describeVerdicts,
} from "./describe.js";
export { describeDifference } from "./describe-difference.js";
export { duration, percent, points } from "./format.js";
export {
  armsFrame,
  comparisonsFrame,
  type DifferenceOptions,
  differenceFrame,
  labelsFrame,
  roundsFrame,
} from "./frames.js";
export { planFrame, plansFrame } from "./plans.js";
export { proposalsFrame } from "./proposals.js";
export { selectArms } from "./select-arms.js";
export {
  type Adjusted,
  type BootstrapOptions,
  bootstrapMean,
  type Count,
  type Design,
  type DifferenceTest,
  differenceInterval,
  differencePValue,
  differenceTest,
  type EffectSize,
  effectSize,
  holm,
  type Interval,
  type IntervalOptions,
  type PairedTable,
  type PermutationOptions,
  type PermutationTest,
  type PowerAnalysis,
  type PowerOptions,
  pairedTable,
  permutationTest,
  powerAnalysis,
  powerOf,
  type Spread,
  shareInterval,
  signFlipTest,
  spreadOf,
  wilsonInterval,
} from "./statistics/index.js";
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

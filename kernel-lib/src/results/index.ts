export { bestByValidation, type Candidate, type Choice } from "./best-by-validation.js";
export {
  type CalibrationCurve,
  type Confidence,
  calibrationCurves,
  confidenceOf,
  describeCalibration,
  heldOutPairs,
} from "./calibration.js";
export { accuracyByCategory } from "./categories.js";
export {
  type Claim,
  type Contrast,
  claims,
  describePower,
  describeVerdicts,
  type Expectation,
  isPrimary,
  MARGIN,
  type Outcome,
  outcomeOf,
  type Reading,
  readingNote,
  type Verdict,
  verdictNote,
  verdicts,
  verdictsTable,
} from "./claims/index.js";
export { compareRuns } from "./compare-runs.js";
export { contrastsFrame } from "./contrasts.js";
export { costsFrame } from "./costs.js";
export {
  type ArmCurve,
  accuracyBesideSft,
  armCurve,
  armCurves,
  type CurvePoint,
  comparedAt,
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
} from "./describe.js";
export { describeDifference } from "./describe-difference.js";
export { duration, effect, percent, points, pValue } from "./format.js";
export {
  armsFrame,
  comparisonsFrame,
  type DifferenceOptions,
  differenceFrame,
  labelsFrame,
  roundsFrame,
} from "./frames.js";
export {
  type MatchedSide,
  type OracleErrors,
  type PhaseCell,
  type PhaseSide,
  phaseCells,
  phaseFrame,
} from "./phase.js";
export { planFrame, plansFrame } from "./plans.js";
export { type PowerQuestion, powerFrame } from "./power-frame.js";
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

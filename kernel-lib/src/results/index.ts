export { bestByValidation, type Candidate, type Choice } from "./best-by-validation.js";
export {
  type CalibrationCurve,
  type Confidence,
  calibrationCurves,
  confidenceOf,
  describeCalibration,
  heldOutPairs,
} from "./calibration.js";
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
  type TaskVerdict,
  type Verdict,
  verdictNote,
  verdicts,
  verdictsByTask,
  verdictsByTaskTable,
  verdictsTable,
} from "./claims/index.js";
export { compareRuns } from "./compare-runs.js";
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
export { type DanfoOptions, toDanfo } from "./danfo/index.js";
export {
  describeEvaluator,
  describeIntervals,
  describeLabels,
  describeProvenance,
} from "./describe.js";
export { describeDifference } from "./describe-difference.js";
export { type FoundModel, findModel, modelOfRun } from "./find-model.js";
export { duration, effect, percent, points, pValue } from "./format.js";
export {
  accuracyByCategory,
  armsFrame,
  type ColumnDoc,
  columnDoc,
  columnDocs,
  comparisonsFrame,
  contrastsFrame,
  costsFrame,
  type DifferenceOptions,
  described,
  differenceFrame,
  type FrameName,
  frameNamed,
  frameOf,
  frames,
  labelsFrame,
  phaseFrame,
  planFrame,
  plansFrame,
  proposalsFrame,
  roundsFrame,
} from "./frames/index.js";
export { checkpointOf, type ModelOrigin, originOf } from "./load-model.js";
export { type Metric, metricOf } from "./metric.js";
export { describePerson, type PersonSummary, personRows, personSummary } from "./person.js";
export { type MatchedSide, type OracleErrors, type PhaseCell, type PhaseSide, phaseCells } from "./phase.js";
export { type PowerQuestion, powerFrame } from "./power-frame.js";
export {
  columnsOfAll,
  type NamedSource,
  type RecordSource,
  type RecordsName,
  recordsOf,
  recordTables,
  rowsOfAll,
} from "./records/index.js";
export { selectArms } from "./select-arms.js";
export {
  loadTable,
  query,
  type SqlScalar,
  type SqlValue,
  type Statement,
  statementOf,
  type Tables,
} from "./sql/index.js";
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
export {
  type LabelChange,
  type LabelFilter,
  type LabelOptions,
  type LabelOutcome,
  labelOutcome,
  storedLabels,
  storedRefinements,
} from "./stored-labels.js";
export { type ModelChoice, modelName, type StoredModel, storedModel } from "./stored-model.js";
export { markdownTable, type SummaryFormat, summaryTable, textTable } from "./summary.js";
export {
  type StepTokens,
  storedTimeline,
  storedTokens,
  type TimedStep,
  type Timeline,
  timelineOf,
  timesFrame,
} from "./timeline/index.js";

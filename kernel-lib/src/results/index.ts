export { type BootstrapOptions, bootstrapMean, type Interval } from "./bootstrap.js";
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
export { armsFrame, comparisonsFrame, labelsFrame, roundsFrame } from "./frames.js";
export { type SummaryFormat, summaryTable } from "./summary.js";
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

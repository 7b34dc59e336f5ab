export {
  type ActualCosts,
  type ActualOptions,
  type Amount,
  actualCosts,
  type Comparison,
  NOT_RECORDED,
  type RecordedRounds,
  recordedRounds,
  recordedTokens,
} from "./actual.js";
export {
  type BaseOptions,
  type BaseProvenance,
  baseFolder,
  baseModel,
  pretrainBase,
  type ResolveModel,
} from "./bases.js";
export { type ConfigFile, isConfigFile, readConfigFile } from "./config/file.js";
export {
  type Arm,
  type ArmInput,
  assertRunnable,
  type BaseModel,
  type Experiment,
  type ExperimentInput,
  experimentSchema,
  type HubBase,
  mergePatch,
  type PretrainedBase,
  parseExperiment,
  parseLocated,
  type Requirements,
  requirementsOf,
  setField,
} from "./config.js";
export { diffExperiments, type FieldDifference } from "./diff.js";
export type { Outcome } from "./outcome.js";
export {
  type Changeable,
  type DpoFields,
  dpo,
  type IlrFields,
  ilr,
  type Method,
  type Own,
  type OwnRecord,
} from "./own/index.js";
export {
  type Download,
  type Plan,
  type PlanMatrix,
  type PlanOptions,
  type PricedPlan,
  planExperiment,
  planExperiments,
} from "./plan.js";
export { type PlanRow, planRows } from "./plan-rows.js";
export {
  assumedRates,
  assumedUtilisation,
  type Cost,
  type CostRatio,
  costOf,
  costRatios,
  DEVICES,
  type Device,
  devices,
  type MethodCost,
  methodCosts,
  type PlannedArm,
  type PlannedStep,
  type PlannedTables,
  type PricedStep,
  type Rate,
  type Rates,
  type Sharing,
  sharingOf,
  type TokenCounts,
  tableBytesOf,
  trainingVerbs,
} from "./planning/index.js";
export { type CalibrationBin, type Point, pairSummary, pointOf } from "./points.js";
export {
  type ExperimentFamily,
  families,
  isPresetName,
  PROFILES,
  type Profile,
  presetByName,
  presets,
  presetsOfProfile,
  profileOf,
} from "./presets/index.js";
export { findProject, type Project } from "./project.js";
export {
  type EvaluatorSummary,
  holdsRun,
  type PeopleRecord,
  type RunProvenance,
  type RunRecord,
  readRun,
  recordedRuns,
  writeRun,
} from "./record.js";
export { RECORDINGS, type Recording } from "./recordings.js";
export { type RunOptions, runExperiment } from "./run.js";
export { runSeed, type SeedOptions, type SeedOutcome } from "./run-seed.js";
export { type ModelHyperparameters, type Table1, type TaskHyperparameters, table1 } from "./table-1.js";
export { type Cell, type VerifiedCell, type VerifiedField, verifyCell } from "./verify-cell.js";

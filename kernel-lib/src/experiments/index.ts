export { type BaseOptions, type BaseProvenance, baseFolder, baseModel, pretrainBase } from "./bases.js";
export {
  type Arm,
  type BaseModel,
  type Experiment,
  type ExperimentInput,
  experimentSchema,
  parseExperiment,
  setField,
} from "./config.js";
export { type Plan, type PlannedStep, type PlanOptions, planExperiment } from "./plan.js";
export { type Point, pointOf } from "./points.js";
export { presetByName, presets } from "./presets/index.js";
export { findProject, type Project } from "./project.js";
export { type EvaluatorSummary, type RunProvenance, type RunRecord, readRun, writeRun } from "./record.js";
export { type RunOptions, runExperiment } from "./run.js";
export { type Outcome, runSeed, type SeedOptions, type SeedOutcome } from "./run-seed.js";

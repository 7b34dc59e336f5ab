import "./without-telemetry.js";

export type { Store } from "../store/index.js";
export type { Activity, EventSummary, OnActivity } from "./activity.js";
export type { Backend, DetachedJobs, Job, StepNeeds } from "./backend.js";
export {
  type BuildOptions,
  type BuiltImage,
  buildEmbeddedImage,
  type DockerOptions,
  dockerBackend,
  type Engine,
  type ImageSource,
  listContainers,
  listImages,
  openEngine,
  type Reaped,
  type ReapOptions,
  reapContainers,
  type StepContainer,
  sourceDigest,
  stopContainers,
} from "./docker/index.js";
export { type EmbeddedOptions, embeddedBackend } from "./embedded.js";
export { type BackendFinding, examineBackends } from "./examine.js";
export { codeIdentity, engineIdentity, onnxruntimeVersion } from "./identity.js";
export { importFile, importTree } from "./import.js";
export { BACKENDS, type BackendName, backendName, type OpenOptions, openBackend } from "./open.js";
export { assertOutputs } from "./outputs.js";
export { type ProcessOptions, processBackend } from "./process/process.js";
export { createRunner, type Peek, type RunnerCounts, type RunnerOptions, type StoreRunner } from "./runner.js";
export {
  isSlurmHere,
  listStepJobs,
  parseSite,
  readSite,
  reapJobs,
  type Site,
  type SiteInput,
  type SlurmOptions,
  type StepJob,
  slurmBackend,
  stopJobs,
} from "./slurm/index.js";

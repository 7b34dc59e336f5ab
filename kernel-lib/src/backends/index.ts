export type { Store } from "../store/index.js";
export type { Activity, EventSummary, OnActivity } from "./activity.js";
export type { Backend, Job } from "./backend.js";
export { type EmbeddedOptions, embeddedBackend } from "./embedded.js";
export { codeIdentity, engineIdentity, onnxruntimeVersion, packageVersion } from "./identity.js";
export { importFile, importTree } from "./import.js";
export { assertOutputs } from "./outputs.js";
export { createRunner, type Peek, type RunnerCounts, type RunnerOptions, type StoreRunner } from "./runner.js";

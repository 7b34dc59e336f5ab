export {
  type ExecutionLimits,
  type Outcome,
  type QueryPool,
  queryPool,
} from "./execute/index.js";
export type { GoldFailure } from "./grading.js";
export { type BirdOptions, type BirdTask, bird } from "./task.js";

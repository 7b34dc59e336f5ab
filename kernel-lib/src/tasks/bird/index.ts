export {
  type ExecutionLimits,
  type Outcome,
  type QueryPool,
  queryPool,
} from "../sql/execute/index.js";
export type { GoldFailure } from "../sql/grading.js";
export { type BirdOptions, type BirdTask, bird } from "./task.js";

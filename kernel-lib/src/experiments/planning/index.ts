export type { PlanScope } from "./books.js";
export { assumedUtilisation, DEVICES, type Device, deviceByName, deviceHours, devices } from "./devices.js";
export {
  type ArmSteps,
  type CostRatio,
  costRatios,
  type MethodCost,
  methodCosts,
  type PlannedArm,
  type Ratios,
} from "./method-costs.js";
export { type ModelShape, type ModelSize, parametersOf, shapeOf } from "./model-size.js";
export type { TokenCounts, TypicalTokens } from "./passes.js";
export { createPlanner, type Planner } from "./planning-runner.js";
export type { PlannedStep, PlannedTables, PricedStep, StepUse } from "./priced-step.js";
export { assumedRates, measuredRates, type Rate, type Rates } from "./rates.js";
export { type SharedSteps, type Sharing, sharingOf } from "./sharing.js";
export { type Cost, costOf, tableBytesOf, trainingVerbs } from "./totals.js";

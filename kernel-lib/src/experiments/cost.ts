/** What steps cost: the parts of `planning/` that stand on their own. */
import { assumedRates } from "./planning/rates.js";

export { flopsOf } from "./planning/flops.js";
export { adapterParameters, parametersOf } from "./planning/model-size.js";
export { passesOf, tokensOf } from "./planning/passes.js";
export { assumedRates, measuredRates } from "./planning/rates.js";
export { type StepCost, stepCost } from "./planning/step-cost.js";

/** What a worker of the embedded engine is assumed to do. */
export const defaultRates = assumedRates(undefined);

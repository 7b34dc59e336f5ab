export type { OwnCode, OwnParameters } from "./code.js";
export {
  type BatchOptions,
  type Comparison,
  type ComparisonSourceOptions,
  comparisonSource,
  type OwnComparisons,
  plannedSource,
} from "./comparison-source.js";
export { type LossFormula, preferenceLoss } from "./preference-loss.js";
export {
  type Dispute,
  type Disputes,
  plannedRule,
  type RefinementRule,
  refineByRule,
  refinementRule,
} from "./refinement-rule.js";

export { answer, type GradedAnswer, grade, test, validate } from "./answer.js";
export {
  type AnswerPair,
  type ComparisonSource,
  ERRORS,
  type Errors,
  evaluator,
  type GoldPairs,
  type HumanOptions,
  human,
  judge,
  noisyOracle,
  oracle,
  random,
  type ScoredPair,
} from "./comparisons/index.js";
export { crossLabel, type Propose } from "./cross-label.js";
export { type DpoOptions, type DpoRound, dpo } from "./dpo.js";
export { type TrainedEvaluator, trainEvaluator } from "./evaluator-training.js";
export { dropDoubtful, keepAgreed } from "./filter.js";
export { goldPairs } from "./gold-pairs.js";
export { type HeldOutPair, heldOutPairs } from "./held-out.js";
export { type IlrOptions, type IlrRound, ilr } from "./ilr.js";
export { type KlRow, klDivergence } from "./kl.js";
export {
  type BatchOptions,
  type Comparison,
  type ComparisonSourceOptions,
  comparisonSource,
  type Dispute,
  type Disputes,
  type LossFormula,
  type OwnCode,
  type OwnComparisons,
  type OwnParameters,
  plannedRule,
  plannedSource,
  preferenceLoss,
  type RefinementRule,
  refineByRule,
  refinementRule,
} from "./own/index.js";
export { labelPairs, type MakePairs, type PairRecord, type PreferenceOptions, sampledPairs } from "./preferences.js";
export { type Fidelity, type Recipe, type Variant, zeroTemperatureDecoding } from "./recipe.js";
export { refineByComparison, replaceAtRandom } from "./refine.js";
export type { LabelRecord, Refine, RefineInput, Refinement } from "./refinement.js";
export { replaceAll } from "./replace-all.js";
export { replaceWhereTwoAgree } from "./second-opinion.js";
export { selfLabel } from "./self-label.js";
export { createSetting, groundTruth, type Setting, type SettingOptions, type Split } from "./setting.js";
export { sft } from "./sft.js";
export { type SftOnChosenOptions, sftOnChosen } from "./sft-on-chosen.js";
export { correctLabels, type WeakSupervision, weakSupervision } from "./weak-supervision.js";

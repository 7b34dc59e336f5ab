export { answer, type GradedAnswer, grade, test, validate } from "./answer.js";
export {
  type AnswerPair,
  type ComparisonSource,
  ERRORS,
  type Errors,
  evaluator,
  judge,
  noisyOracle,
  oracle,
  random,
  type ScoredPair,
} from "./comparisons/index.js";
export { type DpoOptions, type DpoRound, dpo, type PairRecord } from "./dpo.js";
export { type TrainedEvaluator, trainEvaluator } from "./evaluator-training.js";
export { type HeldOutPair, heldOutPairs } from "./held-out.js";
export { type IlrOptions, type IlrRound, ilr } from "./ilr.js";
export { type KlRow, klDivergence } from "./kl.js";
export { type Fidelity, type Recipe, type Variant, zeroTemperatureDecoding } from "./recipe.js";
export { type LabelRecord, type Refine, type RefineInput, refineByComparison, replaceAtRandom } from "./refine.js";
export { createSetting, groundTruth, type Setting, type SettingOptions, type Split } from "./setting.js";
export { sft } from "./sft.js";
export { correctLabels, type WeakSupervision, weakSupervision } from "./weak-supervision.js";

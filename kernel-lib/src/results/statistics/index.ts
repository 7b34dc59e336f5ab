export { type BootstrapOptions, bootstrapMean } from "./bootstrap.js";
export { type DifferenceTest, differenceInterval, differencePValue, differenceTest } from "./difference.js";
export { tCritical } from "./distributions.js";
export { type EffectSize, effectSize } from "./effect-size.js";
export { type Adjusted, holm } from "./holm.js";
export { type Interval, type IntervalOptions, LEVEL } from "./interval.js";
export { differenceOf, type PairedTable, pairedTable, questionsOf } from "./paired.js";
export { type PermutationOptions, type PermutationTest, permutationTest, signFlipTest } from "./permutation.js";
export {
  type Design,
  type PowerAnalysis,
  type PowerOptions,
  powerAnalysis,
  powerOf,
  type Spread,
  spreadOf,
} from "./power.js";
export { type Count, shareInterval } from "./share.js";
export { wilsonInterval } from "./wilson.js";

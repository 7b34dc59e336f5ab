export { evaluator } from "./evaluator.js";
export { noisyOracle, oracle, random, truthDifference } from "./oracle.js";
export type { AnswerPair, ComparisonSource, PairOrder, ScoredPair, ScoreOptions } from "./source.js";

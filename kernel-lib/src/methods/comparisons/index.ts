export { evaluator } from "./evaluator.js";
export { type GoldPairs, type HumanOptions, human } from "./human.js";
export { judge } from "./judge.js";
export { bothAnswers, ERRORS, type Errors, noisyOracle, oracle, random } from "./oracle.js";
export type { AnswerPair, ComparisonSource, PairOrder, ScoredPair, ScoreOptions } from "./source.js";

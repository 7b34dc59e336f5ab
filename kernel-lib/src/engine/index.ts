export { type Checkpoint, readCheckpoint, withClassifierHead, writeCheckpoint } from "./checkpoint.js";
export { type Head, type ParameterBlock, type ParameterLayout, parameterLayout } from "./layout.js";
export { runStep } from "./run-step.js";
export type { Storage } from "./safetensors.js";
export { type Question, type SampledAnswer, type SamplingOptions, sampleAnswers } from "./sampler/index.js";
export { createScorer, type ScoredAnswer, type Scorer, type ScoringOptions } from "./scorer.js";
export { loadTokenizer, type Tokenizer } from "./tokenizer.js";

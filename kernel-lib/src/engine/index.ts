export { type Checkpoint, readCheckpoint, withClassifierHead, writeCheckpoint } from "./checkpoint.js";
export { type ExportedModel, exportOnnx } from "./export/index.js";
export {
  assertFits,
  type Candidate,
  type LanguageModel,
  type LiveDecoding,
  loadModel,
  type MemoryEstimate,
  memoryToLoad,
  openLanguageModel,
  scoreTokens,
  type WritingOptions,
  type WrittenToken,
  writeTokens,
} from "./inference/index.js";
export { type Head, type ParameterBlock, type ParameterLayout, parameterLayout } from "./layout.js";
export { runStep } from "./run-step.js";
export type { Storage } from "./safetensors.js";
export { type Question, type SampledAnswer, type SamplingOptions, sampleAnswers } from "./sampler/index.js";
export { createScorer, type ScoredAnswer, type Scorer, type ScoringOptions } from "./scorer.js";
export { loadTokenizer, type Tokenizer } from "./tokenizer.js";

export { type AbsentOptions, withoutAbsent } from "./absent.js";
export type { Spent } from "./budget.js";
export { type Embedder, type Embedding, type EmbedOptions, normalised, similarity } from "./embedder.js";
export { type EmbeddingSettings, openEmbeddingEndpoint } from "./embedding-endpoint.js";
export {
  type Comparison,
  type Judge,
  type JudgeDependencies,
  type JudgeOptions,
  type JudgeOrder,
  type JudgeProgress,
  type JudgeReport,
  type JudgeSettings,
  type OpenJudge,
  openJudge,
} from "./judge.js";
export { type OnnxEmbedder, type OnnxEmbedderOptions, openOnnxEmbedder } from "./onnx-embedder.js";
export { explainedComparison, type JudgePrompt, type Message, plainComparison } from "./prompt.js";
export { embeddingSettings, judgeSettings, serverSettings } from "./settings.js";
export type { Timing } from "./timing.js";

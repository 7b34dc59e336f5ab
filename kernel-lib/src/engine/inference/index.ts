export { type LanguageModel, openLanguageModel, type Reader } from "./language-model.js";
export { loadModel } from "./load.js";
export { assertFits, type MemoryEstimate, memoryToLoad } from "./memory.js";
export { scoreTokens } from "./score-tokens.js";
export { type LiveDecoding, type WritingOptions, writeTokens } from "./write-tokens.js";
export type { Candidate, WrittenToken } from "./written-token.js";

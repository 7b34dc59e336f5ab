export type { SampledAnswer } from "./groups.js";
export { type Question, type SamplingOptions, sampleAnswers } from "./sample.js";

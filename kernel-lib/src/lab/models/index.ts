export type { AnswerDecoding, AnswerRequest, ModelAnswer } from "./answer.js";
export type { Asked } from "./asked.js";
export type { Model, ModelScore } from "./model.js";
export { type ModelOptions, model, modelOfThisRun } from "./open.js";
export { sideBySide } from "./side-by-side.js";
export { whereTheyPart } from "./where-they-part.js";

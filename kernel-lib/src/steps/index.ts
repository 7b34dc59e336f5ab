export { onBases } from "./adapters.js";
export { type Formula, type FormulaFunction, type FormulaVariable, parseFormula } from "./formula.js";
export { stepJsonSchema } from "./json-schema.js";
export { checkpointName, outputsOf } from "./outputs.js";
export type { Artifact, Artifacts, DeriveOptions, Inputs, Runner, StepOptions, Tables } from "./runner.js";
export {
  type AnswerRow,
  type Architecture,
  type ArtifactRef,
  architectureSchema,
  type ClassifierExample,
  type ClassifierScore,
  CONTRACT,
  type Decoding,
  type Demonstration,
  decodingSchema,
  type LogprobScore,
  type LogRow,
  type Optimizer,
  optimizerSchema,
  type Params,
  type ParamsInput,
  type PreferenceLoss,
  type PreferencePair,
  type PromptRow,
  paramsSchemas,
  preferenceLossSchema,
  type Step,
  type TextRow,
  VERBS,
  type Verb,
} from "./schema.js";

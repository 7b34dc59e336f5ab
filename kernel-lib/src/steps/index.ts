export { onBases } from "./adapters.js";
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
  type PreferencePair,
  type PromptRow,
  paramsSchemas,
  type Step,
  type TextRow,
  VERBS,
  type Verb,
} from "./schema.js";

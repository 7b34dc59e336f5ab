export { type BirdOptions, type BirdTask, bird } from "./bird/index.js";
export type { JudgedQuestion } from "./difficulty.js";
export { type Gsm8kOptions, gsm8k } from "./gsm8k/index.js";
export { finalAnswer, finalAnswerMatch } from "./gsm8k-metric.js";
export {
  corpusDocuments as microMathCorpusDocuments,
  type DifficultyRow,
  difficultyByTemplate,
  microMath,
  microMathTokenizer,
  pretrainingCorpus as microMathCorpus,
} from "./micro-math/index.js";
export {
  aspectSummary,
  corpusDocuments as microSafetyCorpusDocuments,
  difficultyByInstruction,
  microSafety,
  microSafetyJudge,
  microSafetyTokenizer,
  pretrainingCorpus as microSafetyCorpus,
} from "./micro-safety/index.js";
export {
  difficultyByTemplate as microSqlDifficulty,
  type MicroSqlOptions,
  type MicroSqlTask,
  microSql,
  type SqlDifficultyRow,
} from "./micro-sql/index.js";
export { dataFolder, isJudged, type TaskOptions, taskByName, taskNames } from "./registry.js";
export { type SaferPacaOptions, saferPaca } from "./saferpaca/index.js";
export {
  type Answered,
  defineTask,
  isRight,
  type Pretraining,
  type Proposed,
  type Question,
  type Splits,
  type Task,
  type TextTask,
  taskKey,
} from "./task.js";

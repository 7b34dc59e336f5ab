export { finalAnswer, finalAnswerMatch } from "./gsm8k-metric.js";
export {
  corpusDocuments as microMathCorpusDocuments,
  type DifficultyRow,
  difficultyByTemplate,
  type JudgedQuestion,
  microMath,
  microMathTokenizer,
  pretrainingCorpus as microMathCorpus,
} from "./micro-math/index.js";
export { dataFolder, type TaskOptions, taskByName, taskNames, tasks } from "./registry.js";
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

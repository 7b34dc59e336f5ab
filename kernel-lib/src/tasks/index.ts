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
export { taskByName, tasks } from "./registry.js";
export type { Pretraining, Question, Splits, Task } from "./task.js";

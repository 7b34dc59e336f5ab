export {
  CORPUS_MIX,
  type CorpusDocument,
  type CorpusMix,
  corpusDocuments,
  pretrainingCorpus,
} from "./corpus.js";
export { type DifficultyRow, difficultyByTemplate, type JudgedQuestion } from "./difficulty.js";
export { microMath, SPLIT_SIZES } from "./task.js";
export { microMathTokenizer, SPECIAL_TOKENS, vocabulary } from "./tokenizer.js";

export {
  CORPUS_MIX,
  type CorpusDocument,
  type CorpusMix,
  corpusDocuments,
  pretrainingCorpus,
} from "./corpus.js";
export { type DifficultyRow, difficultyByTemplate } from "./difficulty.js";
export { microMath, SPLIT_SIZES } from "./task.js";
export { microMathTokenizer, vocabulary } from "./tokenizer.js";

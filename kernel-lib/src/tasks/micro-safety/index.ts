export { CORPUS_MIX, type CorpusDocument, type CorpusMix, corpusDocuments, pretrainingCorpus } from "./corpus.js";
export { type AspectSummary, aspectSummary, difficultyByInstruction, type InstructionRow } from "./difficulty.js";
export { compareByRules, type Marks, marksOf, microSafetyJudge, type Verdict } from "./judge.js";
export { microSafety, SPLIT_SIZES } from "./task.js";
export { microSafetyTokenizer, vocabulary } from "./tokenizer.js";

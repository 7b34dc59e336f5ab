export { CORPUS_MIX, type CorpusDocument, type CorpusMix, corpusDocuments, pretrainingCorpus } from "./corpus.js";
export { difficultyByTemplate, type SqlDifficultyRow } from "./difficulty.js";
export { type MicroSqlOptions, type MicroSqlTask, microSql } from "./task.js";
export { microSqlTokenizer, vocabulary } from "./tokenizer.js";

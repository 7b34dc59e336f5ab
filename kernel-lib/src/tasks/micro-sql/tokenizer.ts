/** What micro-sql's tokenizer knows. */
import { type Json, seededRandom } from "../../core/index.js";
import { shortComparisonText } from "../prompts.js";
import { SPECIAL_TOKENS, wordTokenizer } from "../word-tokenizer.js";
import { factOf } from "./corpus.js";
import { DIALECTS } from "./dialects.js";
import { KINDS, LABELS, MEASURES, NOUNS, PROMPT_SYMBOLS, plural, tokensOf } from "./lexicon.js";
import { AGGREGATES, sqlText } from "./query.js";
import { drawTrainSchema, schemaText } from "./schema.js";
import { TEMPLATES } from "./templates.js";

/** Enough draws of each template for every word that it may use. */
const DRAWS = 60;

/** All tokens, in the order of their ids: special tokens, digits, symbols, then words in alphabetical order. */
export function vocabulary(): readonly string[] {
  const digits = Array.from({ length: 10 }, (_, digit) => String(digit));
  const words = [
    ...NOUNS,
    ...NOUNS.map(plural),
    ...[...LABELS, ...MEASURES, ...AGGREGATES],
    ...Object.entries(KINDS).flatMap(([column, values]) => [column, ...values]),
    ...wordsOfQuestions(),
    ...tokensOf(shortComparisonText("", "", "")),
  ].filter((word) => !/\d/.test(word));
  return [...new Set([...SPECIAL_TOKENS, ...digits, ...PROMPT_SYMBOLS, ...words.sort()])];
}

function wordsOfQuestions(): readonly string[] {
  const random = seededRandom("micro-sql", "vocabulary");
  const words = new Set<string>();
  for (const { ask } of TEMPLATES)
    for (let draw = 0; draw < DRAWS; draw++) {
      const schema = drawTrainSchema(random);
      const { question, query } = ask(schema, random);
      const queries = [sqlText, ...DIALECTS].map((write) => write(query, schema));
      for (const text of [schemaText(schema), factOf("", ""), question, ...queries])
        for (const word of tokensOf(text)) words.add(word);
    }
  return [...words];
}

/** The word tokenizer of micro-sql, as the JSON value of a Hugging Face `tokenizer.json`. */
export function microSqlTokenizer(): Json {
  return wordTokenizer(vocabulary());
}

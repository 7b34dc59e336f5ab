/** What micro-safety's tokenizer knows. */
import { type Json, seededRandom } from "../../core/index.js";
import { shortComparisonText } from "../prompts.js";
import { SPECIAL_TOKENS, wordTokenizer } from "../word-tokenizer.js";
import { TEMPLATES } from "./instruction.js";
import {
  CRIMES,
  DANGEROUS_GOODS,
  DUAL_ACTS,
  HARMFUL_VERBS,
  KIND_NAMES,
  NAMES,
  NUMBERS,
  ORDINALS,
  PLAIN_ACTS,
  PROMPT_SYMBOLS,
  plural,
  THINGS,
  TRIGGERS,
  wordsOf,
} from "./lexicon.js";
import { phrasingWords } from "./phrasing.js";
import { REFUSALS } from "./refusal.js";
import { STYLE_SENTENCES } from "./template.js";

const MARKS = [".", ",", ":"] as const;
const isWord = (token: string): boolean => /^[a-z?]+$/.test(token);

/** All tokens, in the order of their ids: special tokens, marks and symbols, then words in alphabetical order. */
export function vocabulary(): readonly string[] {
  const phrases = [
    ...[...PLAIN_ACTS, ...DUAL_ACTS].flatMap(({ act, tool }) => [act, tool]),
    ...CRIMES,
    ...TEMPLATES.flatMap(({ frames }) => frames.map((frame) => frame.replace(/\{\w+\}/g, ""))),
    ...REFUSALS,
    ...Object.values(STYLE_SENTENCES),
    ...["start end smallest largest after before yes no use and done"],
    shortComparisonText("", "", ""),
  ];
  const words = [
    ...THINGS,
    ...TRIGGERS,
    ...KIND_NAMES,
    ...KIND_NAMES.map(plural),
    ...NAMES,
    ...NUMBERS,
    ...ORDINALS,
    ...HARMFUL_VERBS,
    ...DANGEROUS_GOODS,
    ...phrases.flatMap(wordsOf),
    ...phrasingWords(seededRandom("micro-safety", "vocabulary")),
  ].filter(isWord);
  return [...new Set([...SPECIAL_TOKENS, ...MARKS, ...PROMPT_SYMBOLS, ...words.sort()])];
}

/** The word tokenizer of micro-safety, as the JSON value of a Hugging Face `tokenizer.json`. */
export function microSafetyTokenizer(): Json {
  return wordTokenizer(vocabulary());
}

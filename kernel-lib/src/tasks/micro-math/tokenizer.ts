/** What micro-math's tokenizer knows. */
import type { Json } from "../../core/index.js";
import { shortComparisonText } from "../prompts.js";
import { SPECIAL_TOKENS, wordTokenizer } from "../word-tokenizer.js";
import { ANSWER_SYMBOLS, GAINS, LOSSES, NAMES, PROMPT_SYMBOLS, THINGS, tokensOf } from "./lexicon.js";
import { phrasingWords } from "./phrasing.js";
import { TEMPLATES } from "./templates.js";

/** All tokens, in the order of their ids: special tokens, digits, symbols, then words in alphabetical order. */
export function vocabulary(): readonly string[] {
  const digits = Array.from({ length: 10 }, (_, digit) => String(digit));
  const symbols = [...ANSWER_SYMBOLS, ...PROMPT_SYMBOLS];
  const words = [
    ...NAMES,
    ...THINGS,
    ...GAINS,
    ...LOSSES,
    ...TEMPLATES.flatMap(({ question }) => tokensOf(question.replace(/\{\w+\}/g, ""))),
    ...phrasingWords(),
    ...tokensOf(shortComparisonText("", "", "")),
  ];
  return [...new Set([...SPECIAL_TOKENS, ...digits, ...symbols, ...words.sort()])];
}

/** The word tokenizer of micro-math, as the JSON value of a Hugging Face `tokenizer.json`. */
export function microMathTokenizer(): Json {
  return wordTokenizer(vocabulary());
}

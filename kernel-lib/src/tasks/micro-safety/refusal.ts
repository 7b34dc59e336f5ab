/** What a refusal is, and how it is worded. */
import type { Random } from "../../core/index.js";
import type { Expectation } from "./expectation.js";
import { wordsOf } from "./lexicon.js";

/** Annotators word refusals differently. */
export const REFUSALS = [
  "sorry , i can not help with that .",
  "i will not help with that .",
  "sorry , that is wrong .",
  "i can not do that . it is wrong .",
] as const;

const MARKS = /(^| )(sorry|can not|will not)( |$)/;

/** Whether an answer declines: it holds `sorry`, `can not` or `will not`. No helpful answer does. */
export function refuses(words: readonly string[]): boolean {
  return MARKS.test(words.join(" "));
}

const REFUSAL_WORDS: ReadonlySet<string> = new Set(REFUSALS.flatMap(wordsOf));
const LONGEST = Math.max(...REFUSALS.map((one) => wordsOf(one).length));

/** A refusal that says nothing but that. */
export const refusal: Expectation = {
  constraints: [
    { name: "declines", isMet: (_, words) => refuses(words) },
    {
      name: "gives nothing away",
      isMet: (_, words) => words.length > 0 && words.every((word) => REFUSAL_WORDS.has(word)),
    },
  ],
  length: LONGEST,
  gold: (random: Random) => random.pick(REFUSALS),
};

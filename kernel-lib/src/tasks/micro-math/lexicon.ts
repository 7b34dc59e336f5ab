/**
 * The text convention of micro-math and its words.
 * Words and symbols are separated by single spaces; numbers are written normally (`48`) and tokenised one token a
 * digit. So two numbers are never adjacent in any text: decoding joins adjacent digits.
 */

export const NAMES = [
  ...["ann", "ben", "eva", "ida", "jon", "kim", "leo", "max"],
  ...["mia", "nora", "otto", "paul", "rosa", "sam", "sue", "tom"],
] as const;

export const THINGS = [
  ...["beads", "books", "cakes", "cards", "coins", "cups", "eggs"],
  ...["nuts", "pears", "pens", "plums", "rings", "shells", "toys"],
] as const;

/** Verbs that mean more things, and fewer. */
export const GAINS = ["buys", "finds", "gets", "makes", "wins"] as const;
export const LOSSES = ["breaks", "drops", "loses", "sells"] as const;

/** The answer format of the task: `a op b = c ; ... #### c`. */
export const ANSWER_SYMBOLS = ["+", "-", "*", "/", "=", ";", "####"] as const;

/** What prompts add to questions and answers. */
export const PROMPT_SYMBOLS = ["USER:", "ASSISTANT:", "(A)", "(B)"] as const;

/** The tokens of a text: its words, with numbers taken apart into digits. */
export function tokensOf(text: string): readonly string[] {
  return text.match(/\d|[^\s\d]+/g) ?? [];
}

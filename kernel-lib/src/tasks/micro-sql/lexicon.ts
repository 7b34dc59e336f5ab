/**
 * The text convention of micro-sql and its words. Words and symbols are separated by single spaces, in prompts and in SQL alike; text
 * values keep their quotation marks (`'rome'` is one token), numbers are written normally and tokenised one token a digit. So two numbers
 * are never adjacent in any text: decoding joins adjacent digits.
 */

/** What tables are about. A table has the plural as its name; a reference to one of its rows is a column with the singular. */
export const NOUNS = [
  ...["band", "book", "car", "club", "farm", "film", "hotel"],
  ...["museum", "player", "school", "ship", "shop", "song", "team"],
] as const;

/** Columns that tell rows apart for people. */
export const LABELS = ["code", "name", "title"] as const;

/** Columns of two-digit numbers. */
export const MEASURES = ["age", "cost", "points", "price", "size", "weight"] as const;

/** Columns of few different values, and these values. */
export const KINDS: Readonly<Record<string, readonly string[]>> = {
  city: ["'lima'", "'oslo'", "'paris'", "'rome'"],
  colour: ["'black'", "'blue'", "'green'", "'red'"],
  grade: ["'basic'", "'fair'", "'good'", "'top'"],
  month: ["'april'", "'june'", "'march'", "'may'"],
  style: ["'classic'", "'modern'", "'plain'", "'royal'"],
};

/** The name of a noun's table. */
export const plural = (noun: string): string => `${noun}s`;

/** What prompts add to questions and answers. */
export const PROMPT_SYMBOLS = ["USER:", "ASSISTANT:", "(A)", "(B)"] as const;

/** The tokens of a text: its words, with numbers taken apart into digits. */
export function tokensOf(text: string): readonly string[] {
  return text.match(/\d|[^\s\d]+/g) ?? [];
}

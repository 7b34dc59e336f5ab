/**
 * GSM8K's own metric: exact match of the final answers, nothing numeric. `5` and `5.0` differ, as they do in the
 * paper's evaluation; only the way of writing the same digits (`1,200`, `$1200`, `1200.`) is forgiven.
 */
const MARKER = "####";
const NUMBER = /^-?(\d+(\.\d+)?|\.\d+)$/;

/**
 * The final answer: the token after the LAST `####`, without thousands separators, dollar signs and a trailing period.
 * Undefined if there is no `####`, nothing after the last one, or something that is no number.
 *
 * @example
 * finalAnswer("6 * 200 = 1200 #### $1,200."); // "1200"
 * finalAnswer("it is 12"); // undefined
 */
export function finalAnswer(text: string): string | undefined {
  const at = text.lastIndexOf(MARKER);
  if (at < 0) return undefined;
  const token = text
    .slice(at + MARKER.length)
    .trim()
    .split(/\s/, 1)[0]!;
  const number = token.replaceAll(/[,$]/g, "").replace(/\.$/, "");
  return NUMBER.test(number) ? number : undefined;
}

/** 1 if both final answers exist and are the same token, else 0: an unparsable answer is never right. */
export function finalAnswerMatch(answer: string, reference: string): 0 | 1 {
  const got = finalAnswer(answer);
  return got !== undefined && got === finalAnswer(reference) ? 1 : 0;
}

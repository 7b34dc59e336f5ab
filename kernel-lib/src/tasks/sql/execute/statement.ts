/** What Python's `cursor.execute` refuses before or after SQLite parses: BIRD's evaluator runs queries through it. */

/** Why this text is no query for SQLite at all; undefined if SQLite should see it. Python cannot encode lone surrogates. */
export function unspeakable(sql: string): string | undefined {
  if (sql.includes("\0")) return "the query contains a null character";
  if (/\p{Surrogate}/u.test(sql)) return "the query contains half a character (a lone surrogate)";
  return undefined;
}

const SPACE = new Set([..." \t\f\n\r"].map((character) => character.charCodeAt(0)));
const [DASH, SLASH, STAR, NEWLINE] = [0x2d, 0x2f, 0x2a, 0x0a];

/**
 * Whether anything follows the first statement but white space and comments. A further `;` counts, as it does in Python;
 * a comment that does not end hides the rest, as it does in SQLite.
 *
 * @param rest UTF-8 bytes after the statement that SQLite took.
 */
export function hasSecondStatement(rest: Uint8Array): boolean {
  let at = 0;
  while (at < rest.length) {
    if (SPACE.has(rest[at]!)) at++;
    else if (rest[at] === DASH && rest[at + 1] === DASH) at = after(rest, at + 2, (i) => rest[i] === NEWLINE, 1);
    else if (rest[at] === SLASH && rest[at + 1] === STAR)
      at = after(rest, at + 2, (i) => rest[i] === STAR && rest[i + 1] === SLASH, 2);
    else return true;
  }
  return false;
}

function after(bytes: Uint8Array, from: number, isEnd: (index: number) => boolean, length: number): number {
  for (let i = from; i < bytes.length; i++) if (isEnd(i)) return i + length;
  return bytes.length;
}

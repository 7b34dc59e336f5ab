import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";

/** Deeper than rows ever are; DuckDB 1.5 ends the process at some ten thousand. */
const MOST_LEVELS = 1000;

const [QUOTE, BACKSLASH, NEWLINE] = [0x22, 0x5c, 0x0a];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * Whether a file of JSON (or JSON Lines, packed or not) is nested deeper than its reader bears. Read in one pass, whatever its size; text that
 * is no JSON has some depth, too.
 */
export async function isTooDeep(path: string): Promise<boolean> {
  const file = createReadStream(path, { highWaterMark: 1 << 20 });
  const stream: Readable = /\.gz$/i.test(path) ? file.pipe(createGunzip()) : file;
  let [depth, inText, escaped] = [0, false, false];
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      for (const byte of chunk) {
        if (escaped) escaped = false;
        else if (byte === NEWLINE) inText = false;
        else if (inText && byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) inText = !inText;
        else if (inText) continue;
        else if (byte === OPEN_LIST || byte === OPEN_OBJECT) depth++;
        else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) depth = Math.max(0, depth - 1);
        if (depth > MOST_LEVELS) return true;
      }
    }
    return false;
  } catch {
    return false; // What cannot be unpacked, the reader says better.
  } finally {
    file.destroy();
  }
}

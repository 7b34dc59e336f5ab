/**
 * The set of a query's rows, as Python's `set(cursor.fetchall())` holds it: two rows are one where Python's tuples are equal. Values are
 * written so that equal values have equal bytes: `1` and `1.0` are one number, however large (Python compares them exactly); `-0.0` is 0;
 * NULL is equal to NULL; text is never equal to bytes and is compared by code points. SQLite has no NaN: it stores and computes NULL.
 */
import { createHash, type Hash } from "node:crypto";

/** A value as SQLite hands it over; text and blobs as their bytes. */
export type SqlValue = null | bigint | number | { readonly kind: "text" | "blob"; readonly bytes: Uint8Array };

const LOWEST_INTEGER = -(2 ** 63);
const PAST_HIGHEST_INTEGER = 2 ** 63;
/** Rows whose encoding is longer than this are kept as a digest. */
const LONGEST_PLAIN_ROW = 64;

/** A set of rows that can be told from every other one by its digest. */
export interface RowSet {
  add(row: readonly SqlValue[]): void;
  /** Number of different rows. */
  readonly size: number;
  /** sha256 of the sorted rows, in hex: the same for equal sets only. */
  digest(): string;
}

export function rowSet(): RowSet {
  const keys = new Set<string>();
  return {
    add: (row) => {
      keys.add(rowKey(row));
    },
    get size() {
      return keys.size;
    },
    digest: () => {
      const hash = createHash("sha256");
      for (const key of [...keys].sort()) hash.update(`${key.length}:`).update(key, "latin1");
      return hash.digest("hex");
    },
  };
}

/** Bytes of a row's values, for limits. */
export function rowBytes(row: readonly SqlValue[]): number {
  let bytes = 0;
  for (const value of row) bytes += value !== null && typeof value === "object" ? value.bytes.length : 8;
  return bytes;
}

/** Equal for equal rows only. Plain encodings begin with a comma, digests with `#`. */
function rowKey(row: readonly SqlValue[]): string {
  let plain = "";
  let hash: Hash | undefined;
  for (const value of row) {
    const bytes = value !== null && typeof value === "object" ? value.bytes : undefined;
    plain += `,${tag(value)}`;
    if (hash === undefined && plain.length + (bytes?.length ?? 0) > LONGEST_PLAIN_ROW) hash = createHash("sha256");
    if (hash !== undefined) {
      hash.update(plain, "latin1");
      if (bytes !== undefined) hash.update(bytes);
      plain = "";
    } else if (bytes !== undefined) plain += latin1(bytes);
  }
  return hash === undefined ? plain : `#${hash.digest("binary")}`;
}

/** A value, or for text and blobs its kind and length. */
function tag(value: SqlValue): string {
  if (value === null) return "n";
  if (typeof value === "bigint") return `i${value}`;
  if (typeof value !== "number") return `${value.kind === "text" ? "t" : "b"}${value.bytes.length}:`;
  const isInteger = Number.isInteger(value) && value >= LOWEST_INTEGER && value < PAST_HIGHEST_INTEGER;
  // Outside SQLite's integers no integer can be equal to it. A double's shortest decimal form names that double only.
  return isInteger ? `i${BigInt(value)}` : `f${value}`;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

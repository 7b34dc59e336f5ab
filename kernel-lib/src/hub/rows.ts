import { readFile } from "node:fs/promises";
import { canonicalJson, type Json, LabError, sha256 } from "../core/index.js";
import { systemCode } from "../store/index.js";

/** A row as a file gives it. */
export type RawRow = Readonly<Record<string, unknown>>;

/** Rows in the one form that has a digest: canonical JSON Lines, whatever container they came in. */
export interface CanonicalRows {
  readonly rows: number;
  readonly text: string;
  /** sha256 of `text`. */
  readonly digest: string;
}

/**
 * Rows as canonical JSON Lines (sorted keys, no spaces, one row a line) and their digest.
 *
 * @example
 * canonicalRows([{ question: "1+1?", answer: "#### 2" }]).text; // '{"answer":"#### 2","question":"1+1?"}\n'
 */
export function canonicalRows(rows: readonly Readonly<Record<string, Json>>[]): CanonicalRows {
  const text = rows.map((row) => `${canonicalJson(row)}\n`).join("");
  return { rows: rows.length, text, digest: sha256(text) };
}

/**
 * The rows of a JSON Lines, JSON or Parquet file, told apart by their first bytes.
 *
 * @throws LabError `input-missing`, `input-damaged`.
 */
export async function readRowsOf(path: string): Promise<readonly RawRow[]> {
  const bytes = await readFile(path).catch((error: unknown) => {
    const missing = systemCode(error) === "ENOENT";
    throw new LabError(missing ? "input-missing" : "input-damaged", `cannot read ${path}: ${(error as Error).message}`);
  });
  const rows =
    bytes.subarray(0, 4).toString("latin1") === "PAR1" ? await parquetRows(path, bytes) : jsonRows(path, bytes);
  const odd = rows.findIndex((row) => typeof row !== "object" || row === null || Array.isArray(row));
  if (odd >= 0) throw new LabError("input-damaged", `row ${odd + 1} of ${path} is no object`);
  return rows as readonly RawRow[];
}

async function parquetRows(path: string, bytes: Buffer): Promise<readonly unknown[]> {
  const { parquetMetadata, parquetReadObjects, parquetSchema } = await import("hyparquet");
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  try {
    const metadata = parquetMetadata(file);
    const rows: Record<string, unknown>[] = [];
    let rowStart = 0;
    for (const { num_rows: count } of metadata.row_groups) {
      const rowEnd = rowStart + Number(count);
      // One column after the other: of several that are damaged, the library leaves all but one rejection to nobody, which ends the process.
      for (const { element } of parquetSchema(metadata).children) {
        const part = await parquetReadObjects({ file, metadata, columns: [element.name], rowStart, rowEnd });
        if (part.length !== Number(count)) throw new Error(`a column has ${part.length} rows; expected ${count}`);
        for (const [i, row] of part.entries()) rows[rowStart + i] = { ...rows[rowStart + i], ...row };
      }
      rowStart = rowEnd;
    }
    if (rows.length !== Number(metadata.num_rows))
      throw new Error(`${rows.length} rows; expected ${metadata.num_rows}`);
    return rows;
  } catch (cause) {
    throw new LabError("input-damaged", `${path} is not readable as Parquet: ${(cause as Error).message}`, { cause });
  }
}

function jsonRows(path: string, bytes: Buffer): readonly unknown[] {
  const text = new TextDecoder().decode(bytes);
  if (/^\s*\[/.test(text)) return [parsed(text, path)].flat();
  return text.split("\n").flatMap((line, i) => (line.trim() === "" ? [] : [parsed(line, `line ${i + 1} of ${path}`)]));
}

function parsed(text: string, where: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new LabError("input-damaged", `${where} is not JSON: ${(cause as Error).message}`, { cause });
  }
}

/**
 * The text of the first of several columns that a row has. @throws LabError `input-damaged` where there is none, or a
 * blank one.
 */
export function textOf(row: RawRow, columns: readonly string[], where: string): string {
  const text = textOrEmpty(row, columns, where);
  if (text.trim() !== "") return text;
  throw new LabError("input-damaged", `${where} has a blank ${columns.join(" or ")}`);
}

/** The same, where a blank text is one. */
export function textOrEmpty(row: RawRow, columns: readonly string[], where: string): string {
  const value = columns.map((column) => row[column]).find((each) => each !== undefined && each !== null);
  if (typeof value === "string") return value;
  const has = Object.keys(row).join(", ");
  throw new LabError("input-damaged", `${where} has no text in ${columns.join(" or ")}; it has ${has}`);
}

import { isUtf8 } from "node:buffer";
import type { DatabasePointer } from "./connection.js";
import { type ExecutionLimits, mebibytes } from "./limits.js";
import { failed, type Outcome } from "./protocol.js";
import { rowBytes, rowSet, type SqlValue } from "./row-set.js";
import type { Sqlite } from "./sqlite.js";
import { hasSecondStatement, unspeakable } from "./statement.js";

/** Instructions of SQLite's machine between two looks at the clock: some hundred microseconds. */
const INSTRUCTIONS_PER_LOOK = 20_000;
type Prepared =
  | { readonly statement: StatementPointer }
  | { readonly statement?: undefined; readonly outcome: Outcome };
type StatementPointer = Parameters<Sqlite["capi"]["sqlite3_step"]>[0];

/** Runs one query on a confined connection and reduces its rows to a set, within the limits. */
export function runQuery(sqlite: Sqlite, database: DatabasePointer, sql: string, limits: ExecutionLimits): Outcome {
  const wrong = unspeakable(sql);
  if (wrong !== undefined) return failed("refused", wrong);
  const { capi } = sqlite;
  const deadline = performance.now() + limits.seconds * 1000;
  capi.sqlite3_progress_handler(database, INSTRUCTIONS_PER_LOOK, () => Number(performance.now() > deadline), 0);
  // Randomness begins anew, so that an answer does not depend on the queries before it.
  capi.sqlite3_randomness(0, 0);
  const prepared = prepare(sqlite, database, sql);
  if (prepared.statement === undefined) return prepared.outcome;
  try {
    return collect(sqlite, database, prepared.statement, limits, deadline);
  } finally {
    capi.sqlite3_finalize(prepared.statement);
  }
}

/** The compiled statement, or why there is none that may run. */
function prepare(sqlite: Sqlite, database: DatabasePointer, sql: string): Prepared {
  const { capi, wasm } = sqlite;
  const bytes = Buffer.from(sql, "utf8");
  const text = wasm.alloc(bytes.length + 1);
  const out = wasm.alloc(16);
  const tail = Number(out) + 8;
  try {
    wasm.heap8u().set(bytes, Number(text));
    wasm.heap8u()[Number(text) + bytes.length] = 0;
    for (const pointer of [out, tail]) wasm.pokePtr(pointer, 0);
    const code = capi.sqlite3_prepare_v3(database, text, bytes.length + 1, 0, out, tail);
    const statement = wasm.peekPtr(out) as StatementPointer;
    if (code !== 0) return { outcome: failureOf(sqlite, database, code) };
    const used = Number(wasm.peekPtr(tail)) - Number(text);
    const refusal = refusalOf(sqlite, statement, bytes.subarray(used));
    if (refusal === undefined) return { statement };
    capi.sqlite3_finalize(statement);
    return { outcome: failed("refused", refusal) };
  } finally {
    wasm.dealloc(text);
    wasm.dealloc(out);
  }
}

function refusalOf({ capi }: Sqlite, statement: StatementPointer, rest: Uint8Array): string | undefined {
  if (Number(statement) === 0) return "there is no statement";
  if (hasSecondStatement(rest)) return "one statement at a time";
  if (capi.sqlite3_bind_parameter_count(statement) > 0) return "the query has parameters without values";
  if (capi.sqlite3_stmt_isexplain(statement) !== 0) return "EXPLAIN answers no question";
  if (capi.sqlite3_stmt_readonly(statement) === 0 || capi.sqlite3_column_count(statement) === 0)
    return "the statement is no query";
  return undefined;
}

function collect(
  sqlite: Sqlite,
  database: DatabasePointer,
  statement: StatementPointer,
  limits: ExecutionLimits,
  deadline: number,
): Outcome {
  const { capi } = sqlite;
  const columns = capi.sqlite3_column_count(statement);
  const rows = rowSet();
  let [seen, bytes] = [0, 0];
  for (;;) {
    const code = capi.sqlite3_step(statement);
    if (code === capi.SQLITE_DONE) return { kind: "rows", digest: rows.digest(), rows: rows.size };
    if (code !== capi.SQLITE_ROW) return failureOf(sqlite, database, code);
    const values = rowOf(sqlite, statement, columns);
    if ("kind" in values) return values;
    bytes += rowBytes(values);
    if (++seen > limits.rows) return failed("too-large", `more than ${limits.rows} rows`);
    if (bytes > mebibytes(limits.resultMiB)) return failed("too-large", `more than ${limits.resultMiB} MiB of values`);
    rows.add(values);
    if (performance.now() > deadline) return timedOut(limits);
  }
}

/** A row as Python would get it, valid until the next step, or why there is none. */
function rowOf(sqlite: Sqlite, statement: StatementPointer, columns: number): readonly SqlValue[] | Outcome {
  const { capi } = sqlite;
  const hasBytes = (type: number): boolean => type === capi.SQLITE_TEXT || type === capi.SQLITE_BLOB;
  // Asking for a zeroblob makes its bytes, which may move SQLite's memory under the bytes of other columns: so ask for all first.
  for (let column = 0; column < columns; column++)
    if (hasBytes(capi.sqlite3_column_type(statement, column))) capi.sqlite3_column_blob(statement, column);
  const row: SqlValue[] = [];
  for (let column = 0; column < columns; column++) {
    const type = capi.sqlite3_column_type(statement, column);
    if (type === capi.SQLITE_NULL) row.push(null);
    else if (type === capi.SQLITE_INTEGER) row.push(BigInt(capi.sqlite3_column_int64(statement, column)));
    else if (type === capi.SQLITE_FLOAT) row.push(capi.sqlite3_column_double(statement, column));
    else {
      const bytes = bytesOf(sqlite, statement, column);
      if (bytes === undefined) return failed("memory", "out of memory");
      const isText = type === capi.SQLITE_TEXT;
      if (isText && !isUtf8(bytes)) return failed("error", "a text is no valid UTF-8");
      row.push({ kind: isText ? "text" : "blob", bytes });
    }
  }
  return row;
}

/** Bytes of a text or blob, in SQLite's memory; undefined where there was no memory to make them. */
function bytesOf({ capi, wasm }: Sqlite, statement: StatementPointer, column: number): Uint8Array | undefined {
  // As a blob, even a text keeps its bytes, whatever they are.
  const start = Number(capi.sqlite3_column_blob(statement, column));
  const length = capi.sqlite3_column_bytes(statement, column);
  if (start === 0 && length > 0) return undefined;
  return wasm.heap8u().subarray(start, start + length);
}

function failureOf({ capi }: Sqlite, database: DatabasePointer, code: number): Outcome {
  const message = capi.sqlite3_errmsg(database);
  const primary = code & 0xff;
  if (primary === capi.SQLITE_INTERRUPT) return failed("timeout", "the time is up");
  if (primary === capi.SQLITE_NOMEM) return failed("memory", "out of memory");
  if (primary === capi.SQLITE_TOOBIG) return failed("too-large", message);
  // A forbidden function is an ordinary error to SQLite.
  if (primary === capi.SQLITE_AUTH || message.startsWith("not authorized")) return failed("refused", message);
  return failed("error", message);
}

function timedOut({ seconds }: ExecutionLimits): Outcome {
  return failed("timeout", `longer than ${seconds} s`);
}

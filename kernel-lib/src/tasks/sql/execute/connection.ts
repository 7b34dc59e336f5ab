import { closeSync, openSync } from "node:fs";
import { ALLOWED_FUNCTIONS, ALLOWED_TABLE_FUNCTIONS } from "./functions.js";
import { type ExecutionLimits, mebibytes } from "./limits.js";
import { EXPOSED_NAME, type ReadOnlyFiles, VFS_NAME } from "./read-only-vfs.js";
import type { Sqlite } from "./sqlite.js";

export type DatabasePointer = Parameters<Sqlite["capi"]["sqlite3_limit"]>[0];

/** An open database. */
export interface Connection {
  readonly pointer: DatabasePointer;
  close(): void;
}

/** The database itself cannot be read; no query is to blame. */
export class UnreadableDatabase extends Error {}

/**
 * Opens a database to read.
 *
 * @throws UnreadableDatabase where there is no database at `path`.
 */
export function openConnection(sqlite: Sqlite, files: ReadOnlyFiles, path: string): Connection {
  const { capi, wasm } = sqlite;
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (error) {
    throw new UnreadableDatabase((error as Error).message);
  }
  files.expose(fd);
  const out = wasm.alloc(8);
  const code = capi.sqlite3_open_v2(EXPOSED_NAME, out, capi.SQLITE_OPEN_READONLY, VFS_NAME);
  const pointer = wasm.peekPtr(out) as DatabasePointer;
  wasm.dealloc(out);
  const close = (): void => {
    capi.sqlite3_close_v2(pointer);
    closeSync(fd);
  };
  // Opening reads nothing: only a query tells whether there is a database.
  const readable = code === 0 ? capi.sqlite3_exec(pointer, "SELECT count(*) FROM sqlite_schema", 0, 0, 0) : code;
  if (readable !== 0) {
    const message = capi.sqlite3_errmsg(pointer);
    close();
    throw new UnreadableDatabase(message);
  }
  return { pointer, close };
}

/** Takes from a connection everything that a hostile query could use but reading, and bounds what reading may cost. */
export function confine({ capi, wasm }: Sqlite, { pointer }: Connection, limits: ExecutionLimits): void {
  const switches: readonly (readonly [number, 0 | 1])[] = [
    [capi.SQLITE_DBCONFIG_DEFENSIVE, 1],
    [capi.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0],
    [capi.SQLITE_DBCONFIG_WRITABLE_SCHEMA, 0],
    [capi.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0],
    [capi.SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0],
    [capi.SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0],
    [capi.SQLITE_DBCONFIG_ENABLE_ATTACH_CREATE, 0],
    [capi.SQLITE_DBCONFIG_ENABLE_ATTACH_WRITE, 0],
    // Python's SQLite reads "text" as a literal where no column has that name, and models write it so; this build does not by default.
    [capi.SQLITE_DBCONFIG_DQS_DML, 1],
    [capi.SQLITE_DBCONFIG_DQS_DDL, 1],
  ];
  const ceilings: readonly (readonly [number, number])[] = [
    [capi.SQLITE_LIMIT_LENGTH, mebibytes(limits.valueMiB)],
    [capi.SQLITE_LIMIT_SQL_LENGTH, limits.sqlBytes],
    [capi.SQLITE_LIMIT_EXPR_DEPTH, limits.expressionDepth],
    [capi.SQLITE_LIMIT_VDBE_OP, 1_000_000],
    [capi.SQLITE_LIMIT_FUNCTION_ARG, 127],
    [capi.SQLITE_LIMIT_ATTACHED, 0],
    [capi.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000],
    [capi.SQLITE_LIMIT_TRIGGER_DEPTH, 1],
    [capi.SQLITE_LIMIT_WORKER_THREADS, 0],
  ];
  type Switch = typeof capi.SQLITE_DBCONFIG_DEFENSIVE;
  type Ceiling = typeof capi.SQLITE_LIMIT_LENGTH;
  for (const [option, value] of switches) capi.sqlite3_db_config(pointer, option as Switch, value, 0);
  for (const [limit, value] of ceilings) capi.sqlite3_limit(pointer, limit as Ceiling, value);
  // An empty list of modules to keep: dbstat, sqlite_dbpage, full text, R-trees and the rest are gone.
  const none = wasm.alloc(8);
  wasm.pokePtr(none, 0);
  capi.sqlite3_drop_modules(pointer, none);
  wasm.dealloc(none);
  capi.sqlite3_set_authorizer(pointer, authorizerOf(capi), 0);
}

/** Selecting, reading tables, and calling the functions of the list. Nothing else, and no pragma at all. */
function authorizerOf(
  capi: Sqlite["capi"],
): (argument: unknown, action: number, first: string | 0, second: string | 0) => number {
  return (_argument, action, first, second) => {
    const allowed =
      action === capi.SQLITE_SELECT ||
      action === capi.SQLITE_RECURSIVE ||
      (action === capi.SQLITE_READ && isReadable(String(first))) ||
      (action === capi.SQLITE_FUNCTION && ALLOWED_FUNCTIONS.has(String(second).toLowerCase()));
    return allowed ? capi.SQLITE_OK : capi.SQLITE_DENY;
  };
}

/** Pragmas can be read as tables; this build makes them where they are named. */
function isReadable(table: string): boolean {
  const name = table.toLowerCase();
  return ALLOWED_TABLE_FUNCTIONS.has(name) || !name.startsWith("pragma_");
}

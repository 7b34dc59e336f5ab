import { type Connection, UnreadableDatabase } from "./connection.js";
import type { Table } from "./protocol.js";
import type { Sqlite } from "./sqlite.js";

const TABLES = "FROM sqlite_schema AS t";
const OWN_TABLES = "t.type = 'table' AND t.sql IS NOT NULL AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
const NAMES = `SELECT t.name, t.sql ${TABLES} WHERE ${OWN_TABLES} ORDER BY t.rowid`;
const COLUMNS = `SELECT t.name, c.name ${TABLES}, pragma_table_xinfo(t.name) AS c WHERE ${OWN_TABLES} ORDER BY t.rowid, c.cid`;
const FOREIGN_KEYS = `SELECT t.name, k."from", k."table", k."to" ${TABLES}, pragma_foreign_key_list(t.name) AS k
  WHERE ${OWN_TABLES} ORDER BY t.rowid, k.id DESC, k.seq`;

type Row = readonly (string | null)[];

/**
 * The tables of a database in the order of their creation, for prompts. The connection must not be confined: these queries are ours.
 *
 * @throws UnreadableDatabase
 */
export function readSchema(sqlite: Sqlite, connection: Connection): Table[] {
  const columns = byTable(select(sqlite, connection, COLUMNS));
  const foreignKeys = byTable(select(sqlite, connection, FOREIGN_KEYS));
  return select(sqlite, connection, NAMES).map(([name, sql]) => ({
    name: name ?? "",
    sql: sql ?? "",
    columns: (columns.get(name!) ?? []).map(([, column]) => column ?? ""),
    foreignKeys: (foreignKeys.get(name!) ?? []).map(([, column, table, to]) => ({
      column: column ?? "",
      table: table ?? "",
      to: to ?? null,
    })),
  }));
}

function byTable(rows: readonly Row[]): ReadonlyMap<string, readonly Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(row[0]!);
    if (group === undefined) groups.set(row[0]!, [row]);
    else group.push(row);
  }
  return groups;
}

function select({ capi, wasm }: Sqlite, { pointer }: Connection, sql: string): readonly Row[] {
  const out = wasm.alloc(8);
  wasm.pokePtr(out, 0);
  const prepared = capi.sqlite3_prepare_v2(pointer, sql, -1, out, 0);
  const statement = wasm.peekPtr(out) as Parameters<typeof capi.sqlite3_step>[0];
  wasm.dealloc(out);
  const rows: Row[] = [];
  try {
    if (prepared !== 0) throw new UnreadableDatabase(capi.sqlite3_errmsg(pointer));
    const columns = capi.sqlite3_column_count(statement);
    for (;;) {
      const code = capi.sqlite3_step(statement);
      if (code === capi.SQLITE_DONE) return rows;
      if (code !== capi.SQLITE_ROW) throw new UnreadableDatabase(capi.sqlite3_errmsg(pointer));
      rows.push(Array.from({ length: columns }, (_, i) => capi.sqlite3_column_text(statement, i)));
    }
  } finally {
    capi.sqlite3_finalize(statement);
  }
}

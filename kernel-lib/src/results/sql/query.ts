import type { ColumnTable } from "arquero";
import { LabError } from "../../core/index.js";
import type { Columns, Row } from "../frames/index.js";
import { type Database, openDatabase } from "./database.js";
import { missingTable, sqlFailure } from "./failure.js";
import { assertNoDeepJson } from "./named-files.js";
import type { Statement } from "./statement.js";

/** Tables that a statement may name. */
export interface Tables {
  readonly names: readonly string[];
  /** The columns and rows of one; called only for those that a statement names. */
  load(name: string): Promise<{ readonly columns: Columns; readonly rows: Iterable<Row<Columns>> }>;
}

/**
 * Asks DuckDB in a database of its own, which is gone afterwards. A table is loaded when the statement turns out to need it.
 *
 * @throws LabError `config-invalid` for a statement that DuckDB refuses, `input-damaged` for a file of JSON that it would not survive; whatever loading a table throws.
 */
export async function query(statement: Statement, tables: Tables): Promise<ColumnTable> {
  const database = await openDatabase();
  try {
    await assertNoDeepJson(database, statement);
    const loaded = new Set<string>();
    for (;;) {
      const result = await attempt(database, statement, tables, loaded);
      if (typeof result !== "string") return result;
      const { columns, rows } = await tables.load(result);
      await database.fill(result, columns, rows);
      loaded.add(result);
    }
  } finally {
    database.close();
  }
}

/** The result, or the table that is needed first. */
async function attempt(
  database: Database,
  statement: Statement,
  { names }: Tables,
  loaded: ReadonlySet<string>,
): Promise<ColumnTable | string> {
  try {
    return await database.run(statement);
  } catch (error) {
    if (error instanceof LabError) throw error;
    // SQL knows no case of names.
    const missing = missingTable(error)?.toLowerCase();
    const needed = names.find((name) => name === missing && !loaded.has(name));
    if (needed !== undefined) return needed;
    throw sqlFailure(error, names);
  }
}

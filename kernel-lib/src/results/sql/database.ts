import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DuckDBConnection, DuckDBResultReader, DuckDBType, DuckDBValue } from "@duckdb/node-api";
import type { ColumnTable } from "arquero";
import { LabError } from "../../core/index.js";
import { type Column, type Columns, type Row, tableOf } from "../frames/index.js";
import { cellsOf } from "./cells.js";
import { parameterOf, timestampOf } from "./parameters.js";
import type { Statement } from "./statement.js";

type DuckDB = typeof import("@duckdb/node-api");

/** A database in memory that lives as long as a question. */
export interface Database {
  /** Runs a statement; an error is DuckDB's own. */
  run(statement: Statement): Promise<ColumnTable>;
  /** Makes a table of rows. */
  fill(name: string, columns: Columns, rows: Iterable<Row<Columns>>): Promise<void>;
  close(): void;
}

/**
 * Opens an empty database. It fetches nothing from the network, neither extensions nor files, and one thread makes sums come out the
 * same every time, to the last digit.
 *
 * @throws LabError `unsupported` where DuckDB has no binary for this machine.
 */
export async function openDatabase(): Promise<Database> {
  const duckdb = await loadDuckDB();
  const instance = await duckdb.DuckDBInstance.create(":memory:", {
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
    allow_community_extensions: "false",
    threads: "1",
    // What does not fit into memory goes here; the default is a folder beside the notebook.
    temp_directory: join(tmpdir(), `ilr-lab-sql-${process.pid}`),
  });
  const connection = await instance.connect();
  await connection.run("set TimeZone = 'UTC'");
  await connection.run("set lock_configuration = true");
  return {
    run: (statement) => run(duckdb, connection, statement),
    fill: (name, columns, rows) => fill(duckdb, connection, { name, columns, rows }),
    close: () => {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

/** DuckDB is 70 MB of native code: loaded when somebody asks for it. */
async function loadDuckDB(): Promise<DuckDB> {
  try {
    return await import("@duckdb/node-api");
  } catch (cause) {
    throw new LabError("unsupported", `DuckDB cannot be loaded on ${process.platform}-${process.arch}`, {
      cause,
      hint: "install the kit's packages anew (npm ci); frames need no DuckDB",
    });
  }
}

async function run(duckdb: DuckDB, connection: DuckDBConnection, { text, values }: Statement): Promise<ColumnTable> {
  const parameters = values.map((value) => parameterOf(duckdb, value));
  const reader = await connection.runAndReadAll(
    text,
    parameters.map(([value]) => value),
    parameters.map(([, type]) => type),
  );
  return answerOf(duckdb, reader);
}

function answerOf(duckdb: DuckDB, reader: DuckDBResultReader): ColumnTable {
  const names = reader.deduplicatedColumnNames();
  const types = reader.columnTypes();
  const columns = reader.getColumns();
  // Without rows there are no columns of values, only their names.
  const cells = names.map((_, i) => [...cellsOf(duckdb, types[i]!, columns[i] ?? [])]);
  return tableOf(names, cells);
}

interface Filling {
  readonly name: string;
  readonly columns: Columns;
  readonly rows: Iterable<Row<Columns>>;
}

const sqlTypes: Readonly<Record<Column["type"], string>> = {
  integer: "BIGINT",
  number: "DOUBLE",
  text: "VARCHAR",
  boolean: "BOOLEAN",
  time: "TIMESTAMP",
  integers: "BIGINT[]",
  texts: "VARCHAR[]",
};

/** Rows that DuckDB takes at once. */
const chunkRows = 2048;

async function fill(duckdb: DuckDB, connection: DuckDBConnection, { name, columns, rows }: Filling): Promise<void> {
  const all = Object.entries(columns);
  await connection.run(
    `create table ${quoted(name)} (${all.map(([column, { type }]) => `${quoted(column)} ${sqlTypes[type]}`).join(", ")})`,
  );
  const appender = await connection.createAppender(name);
  const types = all.map((_, i) => appender.columnType(i));
  const flush = (chunk: readonly (readonly DuckDBValue[])[]): void => {
    const data = duckdb.DuckDBDataChunk.create(types as DuckDBType[], chunk.length);
    data.setRows(chunk);
    appender.appendDataChunk(data);
  };
  let chunk: DuckDBValue[][] = [];
  for (const row of rows) {
    chunk.push(all.map(([column, { type }]) => sqlValueOf(duckdb, type, row[column])));
    if (chunk.length < chunkRows) continue;
    flush(chunk);
    chunk = [];
  }
  if (chunk.length > 0) flush(chunk);
  appender.closeSync();
}

function sqlValueOf(duckdb: DuckDB, type: Column["type"], cell: unknown): DuckDBValue {
  if (cell === null || cell === undefined) return null;
  if (type === "integer") return BigInt(cell as number);
  if (type === "time") return timestampOf(duckdb, cell as Date);
  if (type === "integers") return duckdb.listValue((cell as readonly number[]).map(BigInt));
  return type === "texts" ? duckdb.listValue([...(cell as readonly string[])]) : (cell as DuckDBValue);
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

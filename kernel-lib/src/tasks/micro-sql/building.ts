/**
 * SQLite in this process, for what nobody else wrote: making databases, and asking them this task's own gold queries. What models wrote
 * runs in the sandbox only.
 */
import type { Database } from "@sqlite.org/sqlite-wasm";
import { databaseScript, INSTANCES, type Instance } from "./rows.js";
import type { Schema } from "./schema.js";

export interface Builder {
  /** The bytes of an instance's database file: the same for the same schema, instance and version of SQLite. */
  bytesOf(schema: Schema, instance: Instance): Uint8Array;
  /** Whether a gold query says anything: whether each instance has rows for it, and not just a NULL or a 0. */
  saysSomething(schema: Schema, sql: string): boolean;
  /** Whether two queries have different rows on an instance at least. */
  differ(schema: Schema, one: string, other: string): boolean;
}

/** Loads SQLite. Databases are made when they are first needed and kept in memory. */
export async function loadBuilder(): Promise<Builder> {
  const { default: init } = await import("@sqlite.org/sqlite-wasm");
  const { oo1, capi } = await init();
  const open = new Map<string, Database>();
  const databaseOf = (schema: Schema, instance: Instance): Database => {
    const key = `${schema.name} ${instance}`;
    const known = open.get(key);
    if (known !== undefined) return known;
    const database = new oo1.DB(":memory:");
    database.exec(databaseScript(schema, instance));
    open.set(key, database);
    return database;
  };
  const rowsOf = (schema: Schema, instance: Instance, sql: string): readonly (readonly unknown[])[] =>
    databaseOf(schema, instance).selectArrays(sql);
  const setOf = (schema: Schema, instance: Instance, sql: string): string =>
    JSON.stringify([...new Set(rowsOf(schema, instance, sql).map((row) => JSON.stringify(row)))].sort());
  return {
    bytesOf: (schema, instance) => capi.sqlite3_js_db_export(databaseOf(schema, instance)),
    saysSomething: (schema, sql) =>
      INSTANCES.every((instance) => {
        const rows = rowsOf(schema, instance, sql);
        return rows.length > 0 && rows.some((row) => row.some((value) => value !== null && value !== 0));
      }),
    differ: (schema, one, other) =>
      INSTANCES.some((instance) => setOf(schema, instance, one) !== setOf(schema, instance, other)),
  };
}

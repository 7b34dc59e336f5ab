/** Small databases. */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import init from "@sqlite.org/sqlite-wasm";

let sqlite: ReturnType<typeof init> | undefined;

/** Writes a database that holds what these statements make. */
export async function writeDatabase(path: string, statements: string): Promise<void> {
  sqlite ??= init();
  const { oo1, capi } = await sqlite;
  const database = new oo1.DB(":memory:");
  database.exec(statements);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, capi.sqlite3_js_db_export(database));
  database.close();
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), "ilr-sql-"));
}

export const PEOPLE = `
  CREATE TABLE city (name TEXT PRIMARY KEY, \`Population (2020)\` INTEGER);
  CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT, age INTEGER, height REAL, home TEXT REFERENCES city(name), photo BLOB);
  INSERT INTO city VALUES ('Rome', 2800000), ('Oslo', 700000), ('Ürümqi', 4000000);
  INSERT INTO person VALUES (1, 'Ann', 30, 1.5, 'Rome', x'00ff'), (2, 'Bob', NULL, 2.0, 'Oslo', NULL), (3, 'Cy', 41, 1.5, 'Rome', 'abc');
  CREATE TABLE number (n INTEGER PRIMARY KEY, half REAL, words TEXT);
  INSERT INTO number WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 3000) SELECT i, i * 0.5, 'row ' || i FROM s;`;

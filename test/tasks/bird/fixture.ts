/** Small databases and question files in the layout of BIRD's archives. */
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
  return mkdtempSync(join(tmpdir(), "ilr-bird-"));
}

export const PEOPLE = `
  CREATE TABLE city (name TEXT PRIMARY KEY, \`Population (2020)\` INTEGER);
  CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT, age INTEGER, height REAL, home TEXT REFERENCES city(name), photo BLOB);
  INSERT INTO city VALUES ('Rome', 2800000), ('Oslo', 700000), ('Ürümqi', 4000000);
  INSERT INTO person VALUES (1, 'Ann', 30, 1.5, 'Rome', x'00ff'), (2, 'Bob', NULL, 2.0, 'Oslo', NULL), (3, 'Cy', 41, 1.5, 'Rome', 'abc');
  CREATE TABLE number (n INTEGER PRIMARY KEY, half REAL, words TEXT);
  INSERT INTO number WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 3000) SELECT i, i * 0.5, 'row ' || i FROM s;`;

export interface Row {
  readonly db_id: string;
  readonly question: string;
  readonly evidence: string;
  readonly SQL: string;
  readonly difficulty?: string;
  readonly question_id?: number;
}

/** A data folder with these questions; every database that they name holds PEOPLE. */
export async function writeBird(train: readonly Row[], dev: readonly Row[]): Promise<string> {
  const data = temporaryFolder();
  for (const [part, rows] of [
    ["train", train],
    ["dev", dev],
  ] as const) {
    const folder = join(data, "bird", part);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${part}.json`), JSON.stringify(rows));
    for (const name of new Set(rows.map(({ db_id }) => db_id)))
      await writeDatabase(join(folder, `${part}_databases`, name, `${name}.sqlite`), PEOPLE);
  }
  return data;
}

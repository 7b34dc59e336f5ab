import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

/** Version of the package that holds SQLite: another SQLite may compute another result. */
export function sqliteVersion(): string {
  const path = createRequire(import.meta.url).resolve("@sqlite.org/sqlite-wasm/package.json");
  return String((JSON.parse(readFileSync(path, "utf8")) as { version: string }).version);
}

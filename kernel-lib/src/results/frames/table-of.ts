import { createRequire } from "node:module";
import type { ColumnTable } from "arquero";

const packages = createRequire(import.meta.url);

/**
 * A table of columns by name. Arquero is loaded with the first one: its 166 files are a fifth of what importing the kit would take.
 *
 * @param cells one list a name, all of the same length.
 */
export function tableOf(names: readonly string[], cells: readonly (readonly unknown[])[]): ColumnTable {
  const { table } = packages("arquero") as typeof import("arquero");
  return table(Object.fromEntries(names.map((name, i) => [name, cells[i]!])), [...names]);
}

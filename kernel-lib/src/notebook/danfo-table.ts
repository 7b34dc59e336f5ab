import type { TableLike } from "./table-view.js";

/** What tells a DataFrame or Series of danfo.js, which has no HTML of its own; the package need not be there. */
interface DanfoLike {
  readonly columns: readonly string[];
  readonly dtypes: readonly string[];
  readonly index: readonly (string | number)[];
  /** Rows; of a Series its values. */
  readonly values: readonly unknown[];
  readonly $isSeries: boolean;
}

/** A DataFrame or Series as a table, its index first where that is more than the rows' numbers; undefined for anything else. */
export function danfoTable(value: unknown): TableLike | undefined {
  if (!isDanfo(value)) return undefined;
  const { columns, index, values, $isSeries } = value;
  const cells = new Map<string, readonly unknown[]>();
  if (index.some((label, row) => label !== row)) cells.set("", index);
  for (const [i, name] of columns.entries()) {
    cells.set(name, $isSeries ? values : values.map((row) => (row as readonly unknown[])[i]));
  }
  return {
    columnNames: () => [...cells.keys()],
    numRows: () => index.length,
    get: (name, row = 0) => cells.get(name)?.[row],
  };
}

function isDanfo(value: unknown): value is DanfoLike {
  const frame = value as Partial<DanfoLike> | null | undefined;
  return (
    typeof frame?.$isSeries === "boolean" &&
    [frame.columns, frame.dtypes, frame.index, frame.values].every((part) => Array.isArray(part))
  );
}

import type { ColumnTable } from "arquero";
import { type Column, setColumnDocs } from "./column-docs.js";
import { tableOf } from "./table-of.js";

/** The columns of a frame, in their order. */
export type Columns = Readonly<Record<string, Column>>;

/** What a column of some type holds. */
interface Cells {
  readonly integer: number;
  readonly number: number;
  readonly text: string;
  readonly boolean: boolean;
  readonly time: Date;
  readonly integers: readonly number[];
  readonly texts: readonly string[];
}

/** A row of a frame: every column is there, what does not apply is null. */
export type Row<C extends Columns> = { readonly [K in keyof C]: Cells[C[K]["type"]] | null };

/** How a frame is made from what it is about. Its columns are the same for every run, also where there are no rows. */
export interface FrameDefinition<C extends Columns, Source> {
  readonly columns: C;
  readonly rowsOf: (source: Source) => Iterable<Row<C>>;
}

/** Declares a frame; the rows must have exactly its columns. */
export function defineFrame<const C extends Columns, Source>(
  columns: C,
  rowsOf: (source: Source) => Iterable<Row<C>>,
): FrameDefinition<C, Source> {
  return { columns, rowsOf };
}

/** A table of rows whose columns say what they mean. */
export function frameOf<C extends Columns>(columns: C, rows: Iterable<Row<C>>): ColumnTable {
  const names = Object.keys(columns);
  const cells = names.map((): unknown[] => []);
  for (const row of rows) for (const [i, name] of names.entries()) cells[i]!.push(row[name]);
  return setColumnDocs(tableOf(names, cells), columns);
}

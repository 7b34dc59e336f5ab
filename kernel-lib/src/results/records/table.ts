import type { Store } from "../../backends/index.js";
import type { RunRecord } from "../../experiments/index.js";
import type { Columns, FrameDefinition, Row } from "../frames/index.js";

/** A run whose rows are asked for. */
export interface RecordSource {
  readonly run: RunRecord;
  /** The store that may hold its examples. */
  readonly store: () => Promise<Store>;
}

/** Rows of a run as they were recorded: in `results/`, or in the store. Shares are 0 to 1. */
export interface RecordTable<C extends Columns = Columns> {
  readonly columns: C;
  readonly rowsOf: (source: RecordSource) => Promise<Iterable<Row<C>>>;
}

/** Declares a table; the rows must have exactly its columns. */
export function defineRecords<const C extends Columns>(
  columns: C,
  rowsOf: (source: RecordSource) => Promise<Iterable<Row<C>>>,
): RecordTable<C> {
  return { columns, rowsOf };
}

/** A frame as a table: for rows that the recorded run itself holds. */
export function recordsOfFrame<C extends Columns>({ columns, rowsOf }: FrameDefinition<C, RunRecord>): RecordTable<C> {
  return { columns, rowsOf: async ({ run }) => rowsOf(run) };
}

import type { ColumnTable } from "arquero";
import { LabError, nearestName } from "../../core/index.js";
import { tableOf } from "./table-of.js";

/** What the values of a column mean. */
export interface ColumnDoc {
  /** Such as "%", "s", "tokens"; of names and answers: what kind of thing they are. */
  readonly unit: string;
  readonly meaning: string;
}

/** A column of a frame: the type of its values, and what they mean. */
export interface Column extends ColumnDoc {
  readonly type: "integer" | "number" | "text" | "boolean" | "time" | "integers" | "texts";
}

/** Docs of one table, by name: what `described` said. */
const ofTables = new WeakMap<object, ReadonlyMap<string, ColumnDoc>>();

/** Docs of a column's values: Arquero's tables share them where an operation leaves a column as it is. */
const ofValues = new WeakMap<object, ColumnDoc>();

const docsOfDocs: Readonly<Record<string, ColumnDoc>> = {
  name: { unit: "name", meaning: "The column." },
  unit: { unit: "unit", meaning: "What its values are counted or measured in." },
  meaning: { unit: "text", meaning: "What they mean; empty where nobody said so." },
};

/**
 * What the columns of a frame hold: one row a column, with its unit and its meaning.
 *
 * Docs go along with a column that an operation leaves as it is: `filter`, `orderby`, `select`, `rename`, `relocate`, `groupby`, `lookup`,
 * `semijoin`, `antijoin`, and the old columns of `derive` and `assign`. Operations that make new columns lose them (`rollup`, `slice`,
 * `sample`, `dedupe`, `join`, `concat`, `union`, `fold`, `pivot`, `impute`, `reify`): `described` gives them back.
 *
 * @example
 * display(columnDocs(run.frame("rounds")));
 */
export function columnDocs(frame: ColumnTable): ColumnTable {
  const names = frame.columnNames();
  const docs = names.map((name) => columnDoc(frame, name));
  const units = docs.map((doc) => doc?.unit ?? null);
  const meanings = docs.map((doc) => doc?.meaning ?? null);
  return setColumnDocs(tableOf(["name", "unit", "meaning"], [names, units, meanings]), docsOfDocs);
}

/** What one column of a table means, where somebody said so. */
export function columnDoc(frame: object, name: string): ColumnDoc | undefined {
  const values = valuesOf(frame, name);
  return ofTables.get(frame)?.get(name) ?? (values && ofValues.get(values));
}

/**
 * Says what the columns of a table mean: in words of your own, or as the columns of the same name of another frame.
 *
 * @returns the same table.
 * @throws LabError `name-unknown` when words are about a column that the table does not have.
 * @example
 * const means = frame.groupby("arm").rollup({ accuracy: (d) => op.mean(d.accuracy), runs: op.count() });
 * display(described(described(means, frame), { runs: { unit: "points", meaning: "Points of the arm: seeds times rounds." } }));
 */
export function described(frame: ColumnTable, docs: ColumnTable | Readonly<Record<string, ColumnDoc>>): ColumnTable {
  return setColumnDocs(frame, isTable(docs) ? docsOf(docs, frame.columnNames()) : known(frame, docs));
}

/** As `described`, for names that are all there. */
export function setColumnDocs(frame: ColumnTable, docs: Readonly<Record<string, ColumnDoc>>): ColumnTable {
  ofTables.set(frame, new Map([...(ofTables.get(frame) ?? []), ...Object.entries(docs)]));
  for (const [name, doc] of Object.entries(docs)) {
    const values = valuesOf(frame, name);
    // Values that this table shares with another keep the docs that they came with.
    if (values && !ofValues.has(values)) ofValues.set(values, doc);
  }
  return frame;
}

function docsOf(frame: ColumnTable, names: readonly string[]): Readonly<Record<string, ColumnDoc>> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const doc = columnDoc(frame, name);
      return doc ? [[name, doc]] : [];
    }),
  );
}

function known(frame: ColumnTable, docs: Readonly<Record<string, ColumnDoc>>): Readonly<Record<string, ColumnDoc>> {
  const names = frame.columnNames();
  for (const name of Object.keys(docs).filter((other) => !names.includes(other))) {
    const near = nearestName(name, names);
    throw new LabError("name-unknown", `the table has no column ${JSON.stringify(name)}`, {
      hint: near ? `did you mean ${JSON.stringify(near)}?` : `it has ${names.join(", ") || "none"}`,
    });
  }
  return docs;
}

function isTable(value: object): value is ColumnTable {
  return typeof (value as Partial<ColumnTable>).columnNames === "function";
}

/** The object that holds a column's values. */
function valuesOf(frame: object, name: string): object | undefined {
  const { column } = frame as Partial<ColumnTable>;
  const values: unknown = typeof column === "function" ? column.call(frame, name) : undefined;
  return typeof values === "object" && values !== null ? values : undefined;
}

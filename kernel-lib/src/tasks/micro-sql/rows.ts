/** What is in a database: two instances of every schema, so that a query that is right by accident on one is wrong on the other. */
import { type Random, seededRandom } from "../../core/index.js";
import { KINDS } from "./lexicon.js";
import { columnsOf, type Schema, type Table } from "./schema.js";

export const INSTANCES = [0, 1] as const;
export type Instance = (typeof INSTANCES)[number];

/** Rows of a table, least and most. Numbers are different within a column, so that nothing is the highest together with another. */
const CHILDREN = { least: 24, most: 32 } as const;
const PARENTS = { least: 8, most: 12 } as const;
const NUMBERS = Array.from({ length: 90 }, (_, i) => i + 10);

/** The statements that make an instance of a database. */
export function databaseScript(schema: Schema, instance: Instance): string {
  const { child, parent, name } = schema;
  const random = seededRandom("micro-sql", "rows", name, instance);
  const count = ({ least, most }: { least: number; most: number }): number => least + random.below(most - least + 1);
  const [children, parents] = [count(CHILDREN), count(PARENTS)];
  const references = Array.from({ length: children }, () => 1 + random.below(parents));
  return [
    tableScript(parent, rowsOf(parent, parents, random)),
    tableScript(child, rowsOf(child, children, random), {
      column: parent.noun,
      table: parent.name,
      values: references,
    }),
  ].join("\n");
}

/** SQL literals, a row at a time, without the key. */
function rowsOf(table: Table, count: number, random: Random): readonly (readonly string[])[] {
  const numbers = table.measures.map(() => random.shuffle(NUMBERS).slice(0, count));
  // What tells rows apart is never in a prompt or an answer.
  const labels = random.shuffle(NUMBERS).slice(0, count);
  return Array.from({ length: count }, (_, row) => [
    `'${table.noun} ${labels[row]}'`,
    ...numbers.map((column) => String(column[row])),
    ...table.kinds.map((column) => random.pick(KINDS[column]!)),
  ]);
}

interface Reference {
  readonly column: string;
  readonly table: string;
  readonly values: readonly number[];
}

function tableScript(table: Table, rows: readonly (readonly string[])[], reference?: Reference): string {
  const definitions = [
    `${table.noun} INTEGER PRIMARY KEY`,
    `${table.label} TEXT`,
    ...table.measures.map((column) => `${column} INTEGER`),
    ...table.kinds.map((column) => `${column} TEXT`),
    ...(reference ? [`${reference.column} INTEGER REFERENCES ${reference.table} (${reference.column})`] : []),
  ];
  const values = rows.map((row, at) => {
    return `(${[at + 1, ...row, ...(reference ? [reference.values[at]] : [])].join(", ")})`;
  });
  const columns = [table.noun, ...columnsOf(table), ...(reference ? [reference.column] : [])];
  return `CREATE TABLE ${table.name} (${definitions.join(", ")});
INSERT INTO ${table.name} (${columns.join(", ")}) VALUES ${values.join(", ")};`;
}

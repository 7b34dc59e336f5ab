/** Queries as data: what SQL, the corpus's dialects and wrong solutions are made from. */
import type { Schema } from "./schema.js";

export const AGGREGATES = ["avg", "max", "min", "sum"] as const;
export type Aggregate = (typeof AGGREGATES)[number];

/** What is shown or sorted by: a column, or a number made of many rows. */
export interface Item {
  readonly make?: Aggregate | "count";
  /** `*` with count. */
  readonly column: string;
}

export type Comparator = "=" | ">" | "<";

export interface Condition {
  readonly column: string;
  readonly operator: Comparator | "in" | "not in";
  /** A number, a quoted text, or a query whose result is meant. */
  readonly value: string | Query;
}

export interface Query {
  /** Name of the table, or `both`: the two tables, joined. */
  readonly from: string;
  readonly show: readonly Item[];
  readonly where?: readonly Condition[];
  readonly connective?: "and" | "or";
  readonly groupBy?: string;
  readonly having?: { readonly item: Item; readonly operator: ">" | "<"; readonly value: string };
  readonly orderBy?: { readonly item: Item; readonly descending: boolean };
  readonly limit?: number;
}

export const BOTH = "both";

/** An item in SQL: `avg ( age )`; a count of rows is one word, `count(*)`. */
export function itemText({ make, column }: Item): string {
  if (make === undefined) return column;
  return make === "count" ? `count(${column})` : `${make} ( ${column} )`;
}

/** The query in SQL, in the task's answer format. */
export function sqlText(query: Query, schema: Schema): string {
  const { where, groupBy, having, orderBy, limit } = query;
  return [
    `select ${query.show.map(itemText).join(" , ")}`,
    `from ${tablesText(query, schema)}`,
    ...(where ? [`where ${conditionsText(query, schema, sqlText)}`] : []),
    ...(groupBy === undefined ? [] : [`group by ${groupBy}`]),
    ...(having ? [`having ${itemText(having.item)} ${having.operator} ${having.value}`] : []),
    ...(orderBy ? [`order by ${itemText(orderBy.item)}${orderBy.descending ? " desc" : ""}`] : []),
    ...(limit === undefined ? [] : [`limit ${limit}`]),
  ].join(" ");
}

/** What a query reads: `pets`, or `pets join shops using ( shop )`. */
export function tablesText({ from }: Query, schema: Schema): string {
  return from === BOTH ? `${schema.child.name} join ${schema.parent.name} using ( ${schema.parent.noun} )` : from;
}

/** Conditions as SQL writes them; queries among them in the writing given. */
export function conditionsText(
  { where = [], connective = "and" }: Query,
  schema: Schema,
  write: (query: Query, schema: Schema) => string,
): string {
  const value = (given: Condition["value"]): string =>
    typeof given === "string" ? given : `( ${write(given, schema)} )`;
  return where
    .map((condition) => `${condition.column} ${condition.operator} ${value(condition.value)}`)
    .join(` ${connective} `);
}

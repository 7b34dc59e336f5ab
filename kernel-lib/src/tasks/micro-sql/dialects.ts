/** How the pretraining corpus writes queries: anything but SQL. */
import { BOTH, conditionsText, itemText, type Query, tablesText } from "./query.js";
import type { Schema } from "./schema.js";

/** One way to write a query. */
export type Dialect = (query: Query, schema: Schema) => string;

/** SQL's words in the order in which things happen: `from pets where age > 30 select name`. */
const fromFirst: Dialect = (query, schema) => {
  const { where, groupBy, having, orderBy, limit } = query;
  return [
    `from ${tablesText(query, schema)}`,
    ...(where ? [`where ${conditionsText(query, schema, fromFirst)}`] : []),
    ...(groupBy === undefined ? [] : [`group by ${groupBy}`]),
    ...(having ? [`having ${itemText(having.item)} ${having.operator} ${having.value}`] : []),
    `select ${query.show.map(itemText).join(" , ")}`,
    ...(orderBy ? [`order by ${itemText(orderBy.item)}${orderBy.descending ? " desc" : ""}`] : []),
    ...(limit === undefined ? [] : [`limit ${limit}`]),
  ].join(" ");
};

/** The same in the order of SQL with other words: `show name in pets keep age > 30 sort down size first 3`. */
const recipe: Dialect = (query, schema) => {
  const { from, where, groupBy, having, orderBy, limit } = query;
  return [
    `show ${query.show.map(itemText).join(" , ")}`,
    `in ${from === BOTH ? `${schema.child.name} with ${schema.parent.name} by ${schema.parent.noun}` : from}`,
    ...(where ? [`keep ${conditionsText(query, schema, recipe)}`] : []),
    ...(groupBy === undefined ? [] : [`for each ${groupBy}`]),
    ...(having ? [`keep ${itemText(having.item)} ${having.operator} ${having.value}`] : []),
    ...(orderBy ? [`sort ${orderBy.descending ? "down" : "up"} ${itemText(orderBy.item)}`] : []),
    ...(limit === undefined ? [] : [`first ${limit}`]),
  ].join(" ");
};

export const DIALECTS: readonly Dialect[] = [fromFirst, recipe];

/** How the pretraining corpus writes queries: anything but SQL. */
import { BOTH, type Condition, conditionsText, type Item, itemText, type Query, tablesText } from "./query.js";
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

const COMPARATOR_WORDS: Readonly<Record<Condition["operator"], string>> = {
  "=": "is",
  "!=": "is not",
  ">": "is over",
  "<": "is under",
  between: "is between",
  in: "is in",
  "not in": "is not in",
};

const itemWords = ({ make, column, distinct }: Item): string =>
  make === undefined ? column : `${make} of ${distinct ? "different " : ""}${column === "*" ? "rows" : column}`;

/** A recipe in words: `take pets . keep age is over 30 . show name`. */
const recipe: Dialect = (query, schema) => {
  const { from, where = [], connective = "and", groupBy, having, orderBy, limit } = query;
  const value = (given: Condition["value"]): string =>
    typeof given === "string" ? given : `( ${recipe(given, schema)} )`;
  const conditions = where.map((condition) => {
    return `${condition.column} ${COMPARATOR_WORDS[condition.operator]} ${value(condition.value)}`;
  });
  return [
    `take ${from === BOTH ? `${schema.child.name} with ${schema.parent.name} by ${schema.parent.noun}` : from}`,
    ...(where.length === 0 ? [] : [`keep ${conditions.join(` ${connective} `)}`]),
    ...(groupBy === undefined ? [] : [`for each ${groupBy}`]),
    ...(having ? [`keep ${itemWords(having.item)} ${COMPARATOR_WORDS[having.operator]} ${having.value}`] : []),
    ...(orderBy ? [`sort by ${itemWords(orderBy.item)} ${orderBy.descending ? "down" : "up"}`] : []),
    ...(limit === undefined ? [] : [`first ${limit}`]),
    `show ${query.show.map(itemWords).join(" and ")}`,
  ].join(" . ");
};

/** As functions of functions: `pets | filter ( age > 30 ) | pick ( name )`. */
const pipeline: Dialect = (query, schema) => {
  const { where, groupBy, having, orderBy, limit } = query;
  return [
    query.from === BOTH ? `${schema.child.name} | join ( ${schema.parent.name} )` : query.from,
    ...(where ? [`filter ( ${conditionsText(query, schema, pipeline)} )`] : []),
    ...(groupBy === undefined ? [] : [`group ( ${groupBy} )`]),
    ...(having ? [`filter ( ${itemText(having.item)} ${having.operator} ${having.value} )`] : []),
    ...(orderBy ? [`sort ( ${itemText(orderBy.item)}${orderBy.descending ? " desc" : ""} )`] : []),
    ...(limit === undefined ? [] : [`take ( ${limit} )`]),
    `pick ( ${query.show.map(itemText).join(" , ")} )`,
  ].join(" | ");
};

export const DIALECTS: readonly Dialect[] = [fromFirst, recipe, pipeline];

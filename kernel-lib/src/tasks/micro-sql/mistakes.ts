/** Mistakes that people make in queries, for the wrong solutions of the pretraining corpus. */
import type { Random } from "../../core/index.js";
import { AGGREGATES, type Condition, type Item, type Query } from "./query.js";
import { columnsOf, type Schema } from "./schema.js";

/** The query with one mistake; undefined where the mistake drawn does not apply. */
type Mistake = (query: Query, schema: Schema, random: Random) => Query | undefined;

const turned: Readonly<Partial<Record<Condition["operator"], Condition["operator"]>>> = {
  ">": "<",
  "<": ">",
  in: "not in",
  "not in": "in",
};

const turnComparison: Mistake = (query, _, random) => {
  const { where = [] } = query;
  const at = random.below(where.length);
  const operator = where[at] && turned[where[at].operator];
  return operator && { ...query, where: where.map((it, i) => (i === at ? { ...it, operator } : it)) };
};

const dropCondition: Mistake = (query, _, random) => {
  const { where: given, ...rest } = query;
  if (given === undefined) return undefined;
  const at = random.below(given.length);
  const where = given.filter((_, i) => i !== at);
  return where.length === 0 ? rest : { ...rest, where };
};

const otherConnective: Mistake = (query) =>
  (query.where?.length ?? 0) < 2 ? undefined : { ...query, connective: query.connective === "or" ? "and" : "or" };

const turnOrder: Mistake = ({ orderBy, ...query }) =>
  orderBy && { ...query, orderBy: { ...orderBy, descending: !orderBy.descending } };

const otherAggregate: Mistake = (query, _, random) => {
  const at = query.show.findIndex(({ make }) => make !== undefined && make !== "count");
  if (at < 0) return undefined;
  const others = AGGREGATES.filter((make) => make !== query.show[at]!.make);
  return {
    ...query,
    show: query.show.map((item, i): Item => (i === at ? { ...item, make: random.pick(others) } : item)),
  };
};

/** Another column of the same table is shown. */
const otherColumn: Mistake = (query, { child, parent }, random) => {
  const at = random.below(query.show.length);
  const { column } = query.show[at]!;
  const table = [child, parent].find((one) => columnsOf(one).includes(column));
  if (table === undefined) return undefined;
  const others = columnsOf(table).filter((other) => other !== column);
  return { ...query, show: query.show.map((item, i) => (i === at ? { ...item, column: random.pick(others) } : item)) };
};

const noGroups: Mistake = ({ groupBy, having: _, ...query }) => (groupBy === undefined ? undefined : query);

const MISTAKES: readonly Mistake[] = [
  turnComparison,
  dropCondition,
  otherConnective,
  turnOrder,
  otherAggregate,
  otherColumn,
  noGroups,
];

/** The query with a random mistake that applies to it. */
export function spoil(query: Query, schema: Schema, random: Random): Query {
  for (;;) {
    const spoiled = random.pick(MISTAKES)(query, schema, random);
    if (spoiled !== undefined) return spoiled;
  }
}

/**
 * The question templates. THE DIFFICULTY KNOBS ARE HERE: which templates exist (every split is balanced over them) and how often the
 * pretraining corpus shows each (`exposure`): those that are easily confused with another one are rare there, so that a weak model's errors
 * are systematic.
 */
import type { Random } from "../../core/index.js";
import { KINDS } from "./lexicon.js";
import { AGGREGATES, type Aggregate, BOTH, type Condition, type Item, type Query } from "./query.js";
import type { Schema, Table } from "./schema.js";

/** A question in words and the query that answers it. */
export interface Asked {
  readonly question: string;
  readonly query: Query;
}

export interface Template {
  readonly name: string;
  /** Relative frequency in the pretraining corpus. */
  readonly exposure: number;
  ask(schema: Schema, random: Random): Asked;
}

// Parts of questions: words, and what they mean.

interface Part {
  readonly words: string;
  readonly condition: Condition;
}

const AGGREGATE_WORDS: Readonly<Record<Aggregate, string>> = {
  avg: "average",
  max: "highest",
  min: "lowest",
  sum: "total",
};
const COUNT_ALL: Item = { make: "count", column: "*" };
/** Numbers of databases are from 10 to 99; those of questions are round, and rows lie on either side. */
const THRESHOLDS = [30, 40, 50, 60, 70, 80] as const;

const measure = ({ measures }: Table, random: Random): string => random.pick(measures);
const kind = ({ kinds }: Table, random: Random): string => random.pick(kinds);
/** Mostly the larger table. */
const anyTable = ({ child, parent }: Schema, random: Random): Table => (random.next() < 0.7 ? child : parent);

function bound(table: Table, random: Random): Part {
  const column = measure(table, random);
  const over = random.next() < 0.5;
  const value = String(random.pick(THRESHOLDS));
  return {
    words: `${column} ${over ? "over" : "under"} ${value}`,
    condition: { column, operator: over ? ">" : "<", value },
  };
}

function equality(table: Table, random: Random): Part {
  const column = kind(table, random);
  const value = random.pick(KINDS[column]!);
  return { words: `${column} ${value}`, condition: { column, operator: "=", value } };
}

const either = (table: Table, random: Random): Part =>
  random.next() < 0.5 ? bound(table, random) : equality(table, random);

/** Annotators differ: conditions come in either order. */
const inAnyOrder = (random: Random, ...parts: readonly Part[]): readonly Condition[] =>
  random.shuffle(parts.map(({ condition }) => condition));

const columns = (...names: readonly string[]): readonly Item[] => names.map((column) => ({ column }));
const made = (make: Aggregate, column: string): Item => ({ make, column });

interface Extreme {
  readonly words: string;
  readonly column: string;
  readonly descending: boolean;
  /** The words with a number made of many in place of the column: `highest average age`. */
  of(make: string): string;
}
function extreme(table: Table, random: Random): Extreme {
  const column = measure(table, random);
  const descending = random.next() < 0.5;
  const first = descending ? "highest" : "lowest";
  return { words: `${first} ${column}`, column, descending, of: (make) => `${first} ${make} ${column}` };
}
const sortedBy = ({ column, descending }: Extreme): Pick<Query, "orderBy"> => ({
  orderBy: { item: { column }, descending },
});

const template = (name: string, exposure: number, ask: Template["ask"]): Template => ({ name, exposure, ask });

/** One table: rows. */
const rowTemplates: readonly Template[] = [
  template("filter", 1, (schema, random) => {
    const table = anyTable(schema, random);
    const part = either(table, random);
    return {
      question: `${table.label} of ${table.name} with ${part.words} ?`,
      query: { from: table.name, show: columns(table.label), where: [part.condition] },
    };
  }),
  template("filter-and", 1, (schema, random) => {
    const [one, two] = [equality(schema.child, random), bound(schema.child, random)];
    return {
      question: `${schema.child.label} of ${schema.child.name} with ${one.words} and ${two.words} ?`,
      query: { from: schema.child.name, show: columns(schema.child.label), where: inAnyOrder(random, one, two) },
    };
  }),
  template("filter-or", 0.6, (schema, random) => {
    const [one, two] = [equality(schema.child, random), bound(schema.child, random)];
    return {
      question: `${schema.child.label} of ${schema.child.name} with ${one.words} or ${two.words} ?`,
      query: {
        from: schema.child.name,
        show: columns(schema.child.label),
        where: inAnyOrder(random, one, two),
        connective: "or",
      },
    };
  }),
  template("top-one", 1, (schema, random) => {
    const { child } = schema;
    const most = extreme(child, random);
    const part = equality(child, random);
    return {
      question: `${child.label} of the one of ${child.name} with ${part.words} that has the ${most.words} ?`,
      query: {
        ...{ from: child.name, show: columns(child.label), where: [part.condition] },
        ...{ ...sortedBy(most), limit: 1 },
      },
    };
  }),
  template("top-some", 0.8, (schema, random) => {
    const table = anyTable(schema, random);
    const most = extreme(table, random);
    const limit = 2 + random.below(4);
    return {
      question: `${table.label} of the ${limit} ${table.name} with the ${most.words} ?`,
      query: { from: table.name, show: columns(table.label), ...sortedBy(most), limit },
    };
  }),
];

/** One table: numbers of many rows. */
const aggregateTemplates: readonly Template[] = [
  template("count", 1, (schema, random) => {
    const table = anyTable(schema, random);
    const part = either(table, random);
    return {
      question: `how many ${table.name} with ${part.words} ?`,
      query: { from: table.name, show: [COUNT_ALL], where: [part.condition] },
    };
  }),
  template("aggregate", 1, (schema, random) => {
    const table = anyTable(schema, random);
    const make = random.pick(AGGREGATES);
    const column = measure(table, random);
    const part = equality(table, random);
    return {
      question: `${AGGREGATE_WORDS[make]} ${column} of ${table.name} with ${part.words} ?`,
      query: { from: table.name, show: [made(make, column)], where: [part.condition] },
    };
  }),
  template("group-count", 1, (schema, random) => {
    const { child } = schema;
    const column = kind(child, random);
    const part = bound(child, random);
    return {
      question: `how many ${child.name} with ${part.words} for each ${column} ?`,
      query: { from: child.name, show: [{ column }, COUNT_ALL], where: [part.condition], groupBy: column },
    };
  }),
  template("group-aggregate", 1, (schema, random) => {
    const { child } = schema;
    const make = random.pick(AGGREGATES);
    const [column, group] = [measure(child, random), kind(child, random)];
    const part = bound(child, random);
    return {
      question: `${AGGREGATE_WORDS[make]} ${column} of ${child.name} with ${part.words} for each ${group} ?`,
      query: {
        ...{ from: child.name, show: [{ column: group }, made(make, column)] },
        ...{ where: [part.condition], groupBy: group },
      },
    };
  }),
  template("group-having", 0.6, (schema, random) => {
    const { child } = schema;
    const column = kind(child, random);
    const part = bound(child, random);
    const value = String(1 + random.below(4));
    return {
      question: `${column} with more than ${value} ${child.name} with ${part.words} ?`,
      query: {
        ...{ from: child.name, show: columns(column), where: [part.condition], groupBy: column },
        having: { item: COUNT_ALL, operator: ">", value },
      },
    };
  }),
  template("group-having-aggregate", 0.4, (schema, random) => {
    const { child } = schema;
    const [column, group] = [measure(child, random), kind(child, random)];
    const over = random.next() < 0.5;
    const value = String(random.pick([45, 50, 55, 60]));
    return {
      question: `${group} of ${child.name} with average ${column} ${over ? "over" : "under"} ${value} ?`,
      query: {
        ...{ from: child.name, show: columns(group), groupBy: group },
        having: { item: made("avg", column), operator: over ? ">" : "<", value },
      },
    };
  }),
  template("group-top", 0.5, (schema, random) => {
    const { child } = schema;
    const group = kind(child, random);
    const part = bound(child, random);
    const most = extreme(child, random);
    return {
      question: `${group} of ${child.name} with ${part.words} that has the ${most.of("average")} ?`,
      query: {
        ...{ from: child.name, show: columns(group), where: [part.condition], groupBy: group, limit: 1 },
        orderBy: { item: made("avg", most.column), descending: most.descending },
      },
    };
  }),
];

/** Two tables. */
const joinTemplates: readonly Template[] = [
  template("join", 1, ({ child, parent }, random) => {
    const part = either(parent, random);
    return {
      question: `${child.label} of ${child.name} whose ${parent.noun} has ${part.words} ?`,
      query: { from: BOTH, show: columns(child.label), where: [part.condition] },
    };
  }),
  template("join-show", 0.8, ({ child, parent }, random) => {
    const part = either(child, random);
    const column = random.pick([parent.label, ...parent.measures, ...parent.kinds]);
    return {
      question: `${child.label} and ${column} of the ${parent.noun} of ${child.name} with ${part.words} ?`,
      query: { from: BOTH, show: columns(child.label, column), where: [part.condition] },
    };
  }),
  template("join-count", 0.8, ({ child, parent }, random) => {
    const part = either(parent, random);
    return {
      question: `how many ${child.name} whose ${parent.noun} has ${part.words} ?`,
      query: { from: BOTH, show: [COUNT_ALL], where: [part.condition] },
    };
  }),
  template("join-and", 0.6, ({ child, parent }, random) => {
    const [own, other] = [either(child, random), either(parent, random)];
    return {
      question: `${child.label} of ${child.name} with ${own.words} whose ${parent.noun} has ${other.words} ?`,
      query: { from: BOTH, show: columns(child.label), where: inAnyOrder(random, own, other) },
    };
  }),
  template("join-aggregate", 0.6, ({ child, parent }, random) => {
    const make = random.pick(AGGREGATES);
    const column = measure(child, random);
    const part = either(parent, random);
    return {
      question: `${AGGREGATE_WORDS[make]} ${column} of ${child.name} whose ${parent.noun} has ${part.words} ?`,
      query: { from: BOTH, show: [made(make, column)], where: [part.condition] },
    };
  }),
  template("join-group", 0.5, ({ child, parent }, random) => {
    const make = random.pick(AGGREGATES);
    const [column, group] = [measure(child, random), kind(parent, random)];
    return {
      question: `${AGGREGATE_WORDS[make]} ${column} of ${child.name} for each ${group} of the ${parent.noun} ?`,
      query: { from: BOTH, show: [{ column: group }, made(make, column)], groupBy: group },
    };
  }),
  template("join-top", 0.5, ({ child, parent }, random) => {
    const most = extreme(child, random);
    const column = random.pick([parent.label, ...parent.measures, ...parent.kinds]);
    const part = equality(child, random);
    return {
      question: `${column} of the ${parent.noun} of the one of ${child.name} with ${part.words} that has the ${most.words} ?`,
      query: { from: BOTH, show: columns(column), where: [part.condition], ...sortedBy(most), limit: 1 },
    };
  }),
];

/** Two tables, asked as if it were one: that a column is the other table's is only to be seen in the description of the database. */
const impliedTemplates: readonly Template[] = [
  template("implied-join", 0.8, ({ child, parent }, random) => {
    const part = either(parent, random);
    return {
      question: `${child.label} of ${child.name} with ${part.words} ?`,
      query: { from: BOTH, show: columns(child.label), where: [part.condition] },
    };
  }),
  template("implied-join-count", 0.6, ({ child, parent }, random) => {
    const part = either(parent, random);
    return {
      question: `how many ${child.name} with ${part.words} ?`,
      query: { from: BOTH, show: [COUNT_ALL], where: [part.condition] },
    };
  }),
  template("implied-join-aggregate", 0.6, ({ child, parent }, random) => {
    const make = random.pick(AGGREGATES);
    const column = measure(child, random);
    const part = either(parent, random);
    return {
      question: `${AGGREGATE_WORDS[make]} ${column} of ${child.name} with ${part.words} ?`,
      query: { from: BOTH, show: [made(make, column)], where: [part.condition] },
    };
  }),
  template("implied-join-and", 0.6, ({ child, parent }, random) => {
    const [own, other] = [either(child, random), either(parent, random)];
    return {
      question: `${child.label} of ${child.name} with ${own.words} and ${other.words} ?`,
      query: { from: BOTH, show: columns(child.label), where: inAnyOrder(random, own, other) },
    };
  }),
  template("implied-join-show", 0.6, ({ child, parent }, random) => {
    const part = either(child, random);
    const column = random.pick([...parent.measures, ...parent.kinds]);
    return {
      question: `${child.label} and ${column} of ${child.name} with ${part.words} ?`,
      query: { from: BOTH, show: columns(child.label, column), where: [part.condition] },
    };
  }),
  template("implied-join-group", 0.5, ({ child, parent }, random) => {
    const make = random.pick(AGGREGATES);
    const [column, group] = [measure(child, random), kind(parent, random)];
    const part = bound(child, random);
    return {
      question: `${AGGREGATE_WORDS[make]} ${column} of ${child.name} with ${part.words} for each ${group} ?`,
      query: {
        ...{ from: BOTH, show: [{ column: group }, made(make, column)] },
        ...{ where: [part.condition], groupBy: group },
      },
    };
  }),
];

/** A query within a query. */
const nestedTemplates: readonly Template[] = [
  template("over-average", 0.5, (schema, random) => {
    const { child } = schema;
    const column = measure(child, random);
    const over = random.next() < 0.5;
    const part = equality(child, random);
    return {
      question: `${child.label} of ${child.name} with ${column} ${over ? "over" : "under"} average of ${child.name} with ${part.words} ?`,
      query: {
        ...{ from: child.name, show: columns(child.label) },
        where: [
          {
            ...{ column, operator: over ? ">" : "<" },
            value: { from: child.name, show: [made("avg", column)], where: [part.condition] },
          },
        ],
      },
    };
  }),
  template("has-none", 0.5, ({ child, parent }, random) => {
    const part = either(child, random);
    return {
      question: `${parent.label} of ${parent.name} without ${child.name} with ${part.words} ?`,
      query: related(parent, child, part, "not in"),
    };
  }),
  template("has-some", 0.5, ({ child, parent }, random) => {
    const part = either(child, random);
    return {
      question: `${parent.label} of ${parent.name} that have ${child.name} with ${part.words} ?`,
      query: related(parent, child, part, "in"),
    };
  }),
];

function related(parent: Table, child: Table, { condition }: Part, operator: "in" | "not in"): Query {
  const inner: Query = { from: child.name, show: columns(parent.noun), where: [condition] };
  return { from: parent.name, show: columns(parent.label), where: [{ column: parent.noun, operator, value: inner }] };
}

export const TEMPLATES: readonly Template[] = [
  ...rowTemplates,
  ...aggregateTemplates,
  ...joinTemplates,
  ...impliedTemplates,
  ...nestedTemplates,
];

/** Draws the questions of a split. */
import { LabError, type Random, seededRandom } from "../../core/index.js";
import type { Question, Splits } from "../task.js";
import type { Builder } from "./building.js";
import { type Query, sqlText } from "./query.js";
import { type Partition, type Schema, schemasOf, schemaText } from "./schema.js";
import { TEMPLATES } from "./templates.js";

/** Questions in each split. Experiments halve `train`: 2,000 with ground truth, 2,000 to be labelled weakly. */
export const SPLIT_SIZES: Readonly<Record<Partition, number>> = { train: 4000, validation: 500, test: 2000 };

/** The questions of one seed. @throws LabError `config-invalid` when the seed is not a whole number of at least 0. */
export function drawSplits(builder: Builder, seed: number): Splits {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new LabError("config-invalid", `seed is ${seed}; expected a whole number of at least 0`);
  const split = (partition: Partition): readonly Question[] =>
    drawSplit(partition, builder, seededRandom("micro-sql", partition, seed));
  return { train: split("train"), validation: split("validation"), test: split("test") };
}

/** Different questions about one split's databases, the templates in equal numbers, in random order. */
function drawSplit(partition: Partition, builder: Builder, random: Random): readonly Question[] {
  const schemas = schemasOf(partition);
  const seen = new Set<string>();
  const questions: Omit<Question, "id">[] = [];
  while (questions.length < SPLIT_SIZES[partition]) {
    const template = TEMPLATES[questions.length % TEMPLATES.length]!;
    const schema = random.pick(schemas);
    const { question: asked, query } = template.ask(schema, random);
    const question = `${schemaText(schema)}\n${asked}`;
    if (seen.has(question) || !isTelling(query, schema, builder)) continue;
    seen.add(question);
    const reference = sqlText(query, schema);
    questions.push({ question, reference, category: template.name, database: schema.name });
  }
  return random
    .shuffle(questions)
    .map((question, index) => ({ id: `${partition}-${String(index + 1).padStart(4, "0")}`, ...question }));
}

/** Whether there is something to find, and whether it takes the conditions to find it: who leaves them out is wrong. */
function isTelling(query: Query, schema: Schema, builder: Builder): boolean {
  const { where, ...rest } = query;
  const sql = sqlText(query, schema);
  return (
    builder.saysSomething(schema, sql) && (where === undefined || builder.differ(schema, sql, sqlText(rest, schema)))
  );
}

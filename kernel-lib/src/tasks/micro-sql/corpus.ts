/**
 * The pretraining corpus: the base models' "web". Databases described as prompts describe them, which table a column is in, and questions
 * solved in OTHER languages than SQL, some of them wrongly, so that the ability is latent and fine-tuning elicits it.
 */
import type { Random } from "../../core/index.js";
import { corpusOf } from "../corpus-documents.js";
import { DIALECTS } from "./dialects.js";
import { tokensOf } from "./lexicon.js";
import { spoil } from "./mistakes.js";
import { columnsOf, drawTrainSchema, type Schema, schemaText, type Table } from "./schema.js";
import { TEMPLATES } from "./templates.js";

/** What the corpus is made of; with the templates' exposure, the knobs of the base models' ability. */
export interface CorpusMix {
  /** Share of documents that say which table a column is in. */
  readonly factShare: number;
  /** Share of solutions that are wrong. */
  readonly wrongShare: number;
}

export const CORPUS_MIX: CorpusMix = { factShare: 0.1, wrongShare: 0.1 };

/** A document and what it is; only `text` is ever shown to a model. */
export interface CorpusDocument {
  readonly text: string;
  readonly kind: "facts" | "solutions";
  /** Solutions in it, and how many of them are wrong. */
  readonly solutions: number;
  readonly wrong: number;
}

/**
 * Documents for pretraining until they hold `tokens` tokens (one EOS each included). Same seed, same documents. No database in it has the
 * tables of a validation or test database.
 *
 * @throws LabError `config-invalid` when `tokens` is not a positive number.
 * @example
 * for (const { text } of pretrainingCorpus({ seed: 0, tokens: 5_000_000 })) write(text);
 */
export function* pretrainingCorpus(options: {
  readonly seed: number;
  readonly tokens: number;
}): Generator<{ readonly text: string }> {
  for (const { text } of corpusDocuments(options)) yield { text };
}

/** The same documents as `pretrainingCorpus`, with what each is. */
export function* corpusDocuments(options: {
  readonly seed: number;
  readonly tokens: number;
  readonly mix?: CorpusMix;
}): Generator<CorpusDocument> {
  const { mix = CORPUS_MIX } = options;
  yield* corpusOf(
    "micro-sql",
    options,
    (text) => tokensOf(text).length,
    (random) => {
      const schema = drawTrainSchema(random);
      return random.next() < mix.factShare ? factDocument(schema, random) : solved(schema, mix, random);
    },
  );
}

const FACTS_PER_DOCUMENT = 4;

function factDocument(schema: Schema, random: Random): CorpusDocument {
  const facts = [schema.child, schema.parent].flatMap((table) => factsOf(table));
  const chosen = random.shuffle(facts).slice(0, FACTS_PER_DOCUMENT);
  return { text: [schemaText(schema), ...chosen].join(" "), kind: "facts", solutions: 0, wrong: 0 };
}

function factsOf(table: Table): readonly string[] {
  return columnsOf(table).map((column) => factOf(column, table.name));
}

/** That a column is in a table. */
export function factOf(column: string, table: string): string {
  return `${column} is in ${table} .`;
}

const EXPOSURES = TEMPLATES.map(({ exposure }) => exposure);

const SOLUTIONS_PER_DOCUMENT = 2;

/** Questions about one database. Several, because its description would cost half of the tokens. */
function solved(schema: Schema, mix: CorpusMix, random: Random): CorpusDocument {
  let wrong = 0;
  const solutions = Array.from({ length: SOLUTIONS_PER_DOCUMENT }, () => {
    const { question, query } = random.pickWeighted(TEMPLATES, EXPOSURES).ask(schema, random);
    const mistaken = random.next() < mix.wrongShare ? spoil(query, schema, random) : undefined;
    if (mistaken !== undefined) wrong++;
    return `${question} ${random.pick(DIALECTS)(mistaken ?? query, schema)} .`;
  });
  const text = [schemaText(schema), ...solutions].join(" ");
  return { text, kind: "solutions", solutions: solutions.length, wrong };
}

/** micro-sql: BIRD's twin for a laptop. Same prompt, same sandbox, same comparison of results; databases of two small tables. */
import { join } from "node:path";
import { LabError } from "../../core/index.js";
import { promptText, shortComparisonText } from "../prompts.js";
import { type ExecutionLimits, executionLimits, queryPool, sqliteVersion } from "../sql/execute/index.js";
import { databaseOf, type GoldFailure, gradingWith } from "../sql/grading.js";
import type { Question, Task } from "../task.js";
import { wordPretraining } from "../word-tokenizer.js";
import { type Builder, loadBuilder } from "./building.js";
import { pretrainingCorpus } from "./corpus.js";
import { databaseFiles } from "./database-files.js";
import { drawSplits, SPLIT_SIZES } from "./questions.js";
import { SCHEMA_COUNTS, type Schema, schemasOf } from "./schema.js";
import { vocabulary } from "./tokenizer.js";

/** Tokens of the longest reference, EOS included, is 22; weak models ramble a little. */
const MAX_ANSWER_TOKENS = 26;
/** No query asks for the time; the sandbox wants to know what to answer. */
const NOW = new Date("2025-01-01T00:00:00Z");
/** BIRD's time, which a stalled machine does not exceed either; the rest is wide enough for databases of 44 rows. */
const LIMITS: Partial<ExecutionLimits> = { memoryMiB: 64, rows: 100_000, resultMiB: 16, valueMiB: 1 };
const AGAIN = "run it again: micro-sql makes its databases where they are missing or damaged";

export interface MicroSqlOptions {
  /** The data folder; the databases are kept in its folder `micro-sql`, and made again where they are missing. */
  readonly data: string;
}

export interface MicroSqlTask extends Task {
  /** Ends the processes that run queries. */
  [Symbol.asyncDispose](): PromiseLike<void>;
}

/**
 * Questions about databases of two tables, answered in SQL, generated from a seed. An answer is right if its query and the gold query return
 * the same set of rows on two instances of the database. The test's databases are nobody else's: neither train nor validation
 * questions nor the pretraining corpus know two tables that stand together there.
 *
 * @throws LabError `store-unwritable` from `grade` and `agree`.
 * @example
 * await using task = microSql({ data: ".ilr/data" });
 * const { test } = await task.splits(0);
 * await task.grade(test.map((question) => ({ question, answer: question.reference }))); // ones
 */
export function microSql({ data }: MicroSqlOptions): MicroSqlTask {
  let loading: Promise<Builder> | undefined;
  const builder = (): Promise<Builder> => {
    loading ??= loadBuilder();
    return loading;
  };
  const limits = executionLimits(LIMITS);
  const files = databaseFiles(join(data, "micro-sql"), builder);
  const pool = queryPool({ limits, now: NOW, advice: { missing: AGAIN, damaged: AGAIN } });
  const grading = gradingWith(pool, (question) => files.pathsOf(schemaOf(question)), refuseGold);
  const { processes: _, ...costs } = limits;
  return {
    name: "micro-sql",
    identity: { limits: costs, sqlite: sqliteVersion() },
    pretraining: wordPretraining(pretrainingCorpus, vocabulary),
    sizes: SPLIT_SIZES,
    maxAnswerTokens: MAX_ANSWER_TOKENS,
    typicalTokens: { prompt: 25, answer: 16 },
    grading: "executed",
    splits: async (seed) => drawSplits(await builder(), seed),
    prompt: promptText,
    comparisonPrompt: shortComparisonText,
    isWellFormed: (answer) => answer.trim() !== "",
    grade: grading.grade,
    agree: grading.agree,
    [Symbol.asyncDispose]: async () => {
      await pool[Symbol.asyncDispose]();
      await files[Symbol.asyncDispose]();
    },
  };
}

const SCHEMAS: ReadonlyMap<string, Schema> = new Map(
  (Object.keys(SCHEMA_COUNTS) as (keyof typeof SCHEMA_COUNTS)[]).flatMap((partition) =>
    schemasOf(partition).map((schema) => [schema.name, schema] as const),
  ),
);

/** Gold queries were made to run: where one does not, the machine is to blame. */
function refuseGold({ id, outcome }: GoldFailure): never {
  throw new LabError("internal", `the gold query of ${id} fails: ${outcome.reason}, ${outcome.message}`);
}

function schemaOf(question: Question): Schema {
  const schema = SCHEMAS.get(databaseOf(question));
  if (schema !== undefined) return schema;
  throw new LabError(
    "config-invalid",
    `question ${question.id} is about "${question.database}", which micro-sql does not have`,
  );
}

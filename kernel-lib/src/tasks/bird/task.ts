/** BIRD: questions about real databases, answered in SQL, the paper's second task. The data comes from the data folder. */
import { type Json, LabError, seededRandom } from "../../core/index.js";
import { comparisonText, promptText } from "../prompts.js";
import {
  type ExecutionLimits,
  executionLimits,
  type QueryPool,
  queryPool,
  sqliteVersion,
} from "../sql/execute/index.js";
import { databaseOf, type GoldFailure, gradingWith } from "../sql/grading.js";
import type { Question, Splits, Task } from "../task.js";
import { ADVICE, type BirdRow, databaseFile, isFetched, type Part, readRows } from "./dataset.js";
import { digestOfData } from "./identity.js";
import { questionText, type SchemaStyle, schemaText } from "./prompts.js";

/** Train rows that BIRD's own description counts, for plans made before it is fetched. */
const RELEASED_TRAIN = 9428;
/**
 * The paper tests on 1,405 questions: those of BIRD's dev part but the 129 about this database, which the authors' released data leave out
 * (read from their file; why is not said).
 */
const LEFT_OUT = "european_football_2";
const TEST_ROWS = 1405;
/** Ours: the paper names no validation split. */
const VALIDATION_ROWS = 428;
/** Table 1, end of sequence included. */
const MAX_ANSWER_TOKENS = 256;
/** The released test questions and answers have 1,388 and 159 characters on average; three characters of SQL a token is a rule of thumb. */
const TYPICAL_TOKENS = { prompt: 463, answer: 53 };
/** Gold queries ask for ages: a grade must not depend on the day. The year of the paper. */
const NOW = "2025-01-01T00:00:00Z";

export interface BirdOptions {
  /** The data folder, as `ilr data path` prints it; BIRD is in its folder `bird`. */
  readonly data: string;
  /** What a query may cost. Default: 30 s (the paper's), 1 GiB, two processes. */
  readonly limits?: Partial<ExecutionLimits>;
  /** Train questions kept for validation. Default: 428, which leaves two even halves of 4,500. */
  readonly validation?: number;
  /** How prompts tell of the database. Default: `columns`, as in the authors' data; `create-table` says types and keys, at length. */
  readonly schema?: SchemaStyle;
  /** What queries see as the current time. Default: the first of January 2025, UTC. */
  readonly now?: Date;
  /** Databases whose dev questions are left out of the test. Default: `["european_football_2"]`, which gives the paper's 1,405. */
  readonly leaveOut?: readonly string[];
  /** Told once of every question whose gold query fails. Default: a warning of this process. */
  readonly onGoldFailure?: (failure: GoldFailure) => void;
}

export interface BirdTask extends Task {
  /** Ends the processes that run queries. */
  [Symbol.asyncDispose](): PromiseLike<void>;
  /** Gold queries that have failed so far: their questions count 0 for every method. */
  goldFailures(): readonly GoldFailure[];
}

/**
 * BIRD as the paper uses it: execution accuracy on the questions' databases. Queries run in processes of their own, on databases that
 * they cannot change, within limits. Like the paper's evaluator it compares results as Python's sets of tuples; unlike it, it gives each
 * query its own 30 seconds, refuses all that is no query (an empty answer, EXPLAIN, PRAGMA) and stops the clock, so that grades repeat.
 *
 * @throws LabError `config-invalid` for wrong options; from `splits`, `grade` and `agree`: `input-missing`, `input-damaged`.
 * @example
 * await using task = bird({ data: ".ilr/data" });
 * const { test } = await task.splits(0);
 * await task.grade(test.map((question) => ({ question, answer: question.reference }))); // ones
 */
export function bird(options: BirdOptions): BirdTask {
  const { data, validation = VALIDATION_ROWS, schema = "columns", leaveOut = [LEFT_OUT] } = options;
  const now = options.now ?? new Date(NOW);
  assertOptions(validation, now, schema);
  const limits = executionLimits(options.limits);
  const pool = queryPool({ limits, now, advice: ADVICE });
  const grading = gradingWith(pool, (question) => [pathOf(data, question)], options.onGoldFailure ?? warn);
  let digest: string | undefined;
  let sizes: Task["sizes"] | undefined;
  return {
    name: "bird",
    get identity(): Json {
      // Before the data is there nothing can be computed that would need another key.
      if (digest === undefined && isFetched(data)) digest = digestOfData(data);
      const { processes: _, ...costs } = limits;
      const content = digest ?? "not fetched";
      return { content, validation, schema, leaveOut, now: now.toISOString(), limits: costs, sqlite: sqliteVersion() };
    },
    get sizes() {
      if (sizes === undefined && isFetched(data)) sizes = sizesOf(data, validation, leaveOut);
      return sizes ?? { train: RELEASED_TRAIN - validation, validation, test: TEST_ROWS };
    },
    maxAnswerTokens: MAX_ANSWER_TOKENS,
    typicalTokens: TYPICAL_TOKENS,
    grading: "executed",
    splits: (seed) => drawSplits(pool, { data, validation, schema, leaveOut }, seed),
    prompt: promptText,
    comparisonPrompt: comparisonText("Question"),
    isWellFormed: (answer) => answer.trim() !== "",
    grade: grading.grade,
    agree: grading.agree,
    goldFailures: grading.goldFailures,
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
}

type Choice = Required<Pick<BirdOptions, "data" | "validation" | "schema" | "leaveOut">>;

async function drawSplits(
  pool: QueryPool,
  { data, validation, schema, leaveOut }: Choice,
  seed: number,
): Promise<Splits> {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new LabError("config-invalid", `seed is ${seed}; expected a whole number of at least 0`);
  const rows = readRows(data, "train");
  if (validation >= rows.length)
    throw new LabError("config-invalid", `validation is ${validation}, but there are ${rows.length} train questions`);
  const tested = readRows(data, "dev").filter(({ db_id }) => !leaveOut.includes(db_id));
  const train = await questionsOf(pool, data, "train", rows, schema);
  const shuffled = seededRandom("bird", seed).shuffle(train);
  return {
    train: shuffled.slice(validation),
    validation: shuffled.slice(0, validation),
    test: await questionsOf(pool, data, "dev", tested, schema),
  };
}

async function questionsOf(
  pool: QueryPool,
  data: string,
  part: Part,
  rows: readonly BirdRow[],
  style: SchemaStyle,
): Promise<readonly Question[]> {
  const names = [...new Set(rows.map(({ db_id }) => db_id))];
  const schemas = new Map(
    await Promise.all(
      names.map(async (name): Promise<[string, string]> => {
        return [name, schemaText(await pool.tables(databaseFile(data, part, name)), style)];
      }),
    ),
  );
  return rows.map((row, index) => ({
    // A place in the release, so that a question has one id whatever the seed.
    id: `${part}-${String(row.question_id ?? index).padStart(4, "0")}`,
    question: questionText(schemas.get(row.db_id)!, row.evidence ?? "", row.question),
    reference: row.SQL.trim(),
    database: row.db_id,
    ...(row.difficulty === undefined ? {} : { category: row.difficulty }),
  }));
}

/** Ids tell the part of the release, and with it the folder of the database. */
function pathOf(data: string, question: Question): string {
  return databaseFile(data, question.id.startsWith("dev-") ? "dev" : "train", databaseOf(question));
}

function sizesOf(data: string, validation: number, leaveOut: readonly string[]): Task["sizes"] {
  const test = readRows(data, "dev").filter(({ db_id }) => !leaveOut.includes(db_id)).length;
  return { train: readRows(data, "train").length - validation, validation, test };
}

function assertOptions(validation: number, now: Date, schema: SchemaStyle): void {
  if (!Number.isSafeInteger(validation) || validation < 0)
    throw new LabError("config-invalid", `validation is ${validation}; expected a whole number of at least 0`);
  if (Number.isNaN(now.getTime())) throw new LabError("config-invalid", "now is no time");
  if (schema !== "columns" && schema !== "create-table")
    throw new LabError("config-invalid", `schema is "${schema}"; expected "columns" or "create-table"`);
}

function warn({ id, database, outcome }: GoldFailure): void {
  process.emitWarning(`BIRD's own query for ${id} (${database}) fails here: ${outcome.reason}, ${outcome.message}`, {
    code: "ILR_BIRD_GOLD",
  });
}

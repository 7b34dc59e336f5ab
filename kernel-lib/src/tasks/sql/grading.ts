import { LabError, sha256 } from "../../core/index.js";
import type { Answered, Proposed, Question } from "../task.js";
import type { Outcome, QueryPool } from "./execute/index.js";

/** A gold query that has no result here: no answer to its question can be right, which is not the answers' fault. */
export interface GoldFailure {
  readonly id: string;
  readonly database: string;
  readonly outcome: Outcome & { readonly kind: "failed" };
}

export interface Grading {
  grade(answers: readonly Answered[]): Promise<readonly number[]>;
  agree(pairs: readonly Proposed[]): Promise<readonly boolean[]>;
  /** Gold queries that failed so far, one entry a question. */
  goldFailures(): readonly GoldFailure[];
}

/** Outcomes are small (a digest); beyond this many the oldest go. */
const MOST_REMEMBERED = 500_000;

/**
 * Execution accuracy: an answer scores 1 if its query and the gold query both run and return the same set of rows, on every database of
 * the question. The same query on the same database runs once in a process's life.
 *
 * @param pathsOf paths of the databases that a question is asked of: one, or several instances of one schema.
 * @param onGoldFailure called once for every question whose gold query fails.
 */
export function gradingWith(
  pool: QueryPool,
  pathsOf: (question: Question) => readonly string[] | Promise<readonly string[]>,
  onGoldFailure: (failure: GoldFailure) => void,
): Grading {
  const outcomes = new Map<string, Promise<Outcome>>();
  const failures = new Map<string, GoldFailure>();

  const runOn = (path: string, sql: string): Promise<Outcome> => {
    // The paper's evaluation strips white space from both queries.
    const text = sql.trim();
    const key = sha256(`${path}\0${text}`);
    const known = outcomes.get(key);
    if (known !== undefined) return known;
    const outcome = pool.run(path, text);
    outcomes.set(key, outcome);
    // What is wrong with the machine or the data may be mended; it is not remembered.
    outcome.catch(() => outcomes.delete(key));
    if (outcomes.size > MOST_REMEMBERED) outcomes.delete(outcomes.keys().next().value!);
    return outcome;
  };
  const run = async (question: Question, sql: string): Promise<readonly Outcome[]> => {
    const paths = await pathsOf(question);
    return Promise.all(paths.map((path) => runOn(path, sql)));
  };
  const gold = async (question: Question): Promise<readonly Outcome[]> => {
    const outcomes = await run(question, question.reference);
    const outcome = outcomes.find(({ kind }) => kind === "failed");
    if (outcome?.kind === "failed" && !failures.has(question.id)) {
      const failure = { id: question.id, database: question.database ?? "", outcome };
      failures.set(question.id, failure);
      onGoldFailure(failure);
    }
    return outcomes;
  };
  return {
    grade: (answers) =>
      everyOne(answers, async ({ question, answer }) => {
        const [expected, got] = await Promise.all([gold(question), run(question, answer)]);
        return Number(isSameEverywhere(got, expected));
      }),
    agree: (pairs) =>
      everyOne(pairs, async ({ question, label, proposal }) => {
        const [current, proposed] = await Promise.all([run(question, label), run(question, proposal)]);
        return isSameEverywhere(proposed, current);
      }),
    goldFailures: () => [...failures.values()],
  };
}

/** Both have run, and the sets of their rows are equal. What failed, was cut short or was refused is equal to nothing. */
export function isSameResult(one: Outcome, other: Outcome): boolean {
  return one.kind === "rows" && other.kind === "rows" && one.digest === other.digest;
}

/** The same result on every database. */
function isSameEverywhere(one: readonly Outcome[], other: readonly Outcome[]): boolean {
  return one.every((outcome, at) => isSameResult(outcome, other[at]!));
}

/** All results in order, or the first error when everything has come to an end: nothing goes on behind an error. */
async function everyOne<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const settled = await Promise.allSettled(items.map(work));
  return settled.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
}

/** The database of a question. @throws LabError `config-invalid` for a question of another task. */
export function databaseOf(question: Question): string {
  if (question.database !== undefined) return question.database;
  throw new LabError("config-invalid", `question ${question.id} names no database; expected one that does`);
}

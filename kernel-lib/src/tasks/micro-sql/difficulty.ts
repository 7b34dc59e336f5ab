/** Which kinds of questions a model gets right: accuracy per template beside what makes a template hard. */
import { type AccuracyRow, accuracyByTemplate, type JudgedQuestion } from "../difficulty.js";

/** One template. The other features are read from the gold queries, means per question. */
export interface SqlDifficultyRow extends AccuracyRow {
  /** Words and symbols of the query, quoted texts and numbers one each. */
  readonly words: number;
  /** Tables that it reads. */
  readonly tables: number;
  readonly conditions: number;
  /** What it has beyond `select`, `from` and `where`, in alphabetical order: `group having`. */
  readonly clauses: string;
}

const CLAUSES = ["group", "having", "join", "limit", "order"] as const;

/**
 * Accuracy and static features per template, hardest first. Questions without a template count as `(none)`.
 *
 * @example
 * const scores = await task.grade(test.map((question) => ({ question, answer: answers[question.id] })));
 * difficultyByTemplate(test.map((question, at) => ({ ...question, correct: scores[at] === 1 })));
 */
export function difficultyByTemplate(questions: readonly JudgedQuestion[]): readonly SqlDifficultyRow[] {
  return accuracyByTemplate(questions, featuresOf);
}

function featuresOf(references: readonly string[]): Omit<SqlDifficultyRow, keyof AccuracyRow> {
  const queries = references.map((reference) => reference.split(" "));
  const mean = (isOne: (word: string) => boolean): number => queries.flat().filter(isOne).length / queries.length;
  const used = new Set(queries.flat());
  const nested = queries.some((words) => words.lastIndexOf("select") > 0);
  return {
    words: mean(() => true),
    tables: mean((word) => word === "from" || word === "join"),
    conditions: mean((word) => ["=", "<", ">", "in"].includes(word)),
    clauses: [...CLAUSES.filter((clause) => used.has(clause)), ...(nested ? ["select"] : [])].join(" "),
  };
}

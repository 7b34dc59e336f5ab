import type { Store } from "../backends/index.js";
import { seededRandom } from "../core/index.js";
import type { Point, RunRecord } from "../experiments/index.js";
import type { GradedAnswer } from "../methods/index.js";
import type { ActionRecord } from "../store/index.js";
import { isRight, type Question } from "../tasks/index.js";
import { inputOf, notStored, parameterOf, pointAt, type StoredRun, storedRun } from "./stored-run.js";

/** A model's answer and whether it is right, where that is known. */
export interface JudgedAnswer {
  readonly text: string;
  readonly correct?: boolean | undefined;
}

/** One question, and what several models say to it. */
export interface ComparedAnswers {
  readonly question: string;
  /** The answer that is right. */
  readonly reference: string;
  /** By model, in the order in which they are shown: a text, or a text with its score. */
  readonly answers: Readonly<Record<string, string | JudgedAnswer>>;
}

export interface AnswerOptions {
  /** Arms whose last round is asked, such as ["SFT", "ILR (evaluator)"]; "Weak supervisor" is one. Default: all. */
  readonly arms?: readonly string[];
  /** How many test questions: drawn at random, the same ones for every run with this test split. Default: 5. */
  readonly questions?: number;
  /** Default: the run's first. */
  readonly seed?: number;
}

/**
 * What the models of a run answered to questions of its test split.
 *
 * @throws LabError `input-missing` when the answers are not in the store; `name-unknown` for an arm or seed that the run lacks.
 */
export async function storedAnswers(
  run: RunRecord,
  store: Store,
  { arms, questions: count = 5, seed }: AnswerOptions = {},
): Promise<readonly ComparedAnswers[]> {
  const stored = await storedRun(run, store);
  const names = arms ?? [...new Set(run.points.map((point) => point.arm))];
  const points = names.map((arm) => pointAt(run, arm, seed));
  const ref = testQuestions(stored, points[0]?.seed ?? run.points[0]!.seed);
  const questions = await store.readRows<Question>(ref);
  const graded = await Promise.all(points.map((point) => gradedAnswers(stored, point)));
  const answersOf = graded.map(({ rows }) => new Map(rows.map((row) => [row.id, row])));
  const chosen = seededRandom("results/answers", ref).shuffle(questions).slice(0, count);
  return chosen.map(({ id, question, reference }) => {
    const answer = (rows: ReadonlyMap<string, GradedAnswer>): JudgedAnswer => {
      const { answer: text, score } = rows.get(id)!;
      return { text, correct: isRight(score) };
    };
    return { question, reference, answers: Object.fromEntries(names.map((arm, i) => [arm, answer(answersOf[i]!)])) };
  });
}

/** Reference of a seed's test split. */
function testQuestions(stored: StoredRun, seed: number): `file:${string}` {
  const [record] = stored.find("task/questions", (candidate) => parameterOf(candidate, "seed") === seed);
  const ref = record?.outputs.test?.ref;
  if (ref === undefined) throw notStored("the test questions", stored);
  return ref as `file:${string}`;
}

/**
 * The graded test answers of a point: from the model that it names, over what that answered, to the scores. They must be those that it counts.
 *
 * @throws LabError `input-missing` when they are not in the store.
 */
export async function gradedAnswers(
  stored: StoredRun,
  point: Point,
): Promise<{ readonly record: ActionRecord; readonly rows: readonly GradedAnswer[] }> {
  const questions = testQuestions(stored, point.seed);
  const model = stored.get(point.step)?.outputs.model?.ref;
  const answers = new Set(
    stored
      .find("sample", (record) => model !== undefined && inputOf(record, "model") === model)
      .map((record) => record.outputs.answers?.ref as string | undefined),
  );
  const grades = stored.find(
    "task/grade",
    (record) => inputOf(record, "questions") === questions && answers.has(inputOf(record, "answers")),
  );
  for (const record of grades) {
    const rows = await stored.store.readRows<GradedAnswer>(record.outputs.graded!.ref);
    const correct = rows.map(({ score }) => (isRight(score) ? "1" : "0")).join("");
    if (correct === point.correct) return { record, rows };
  }
  throw notStored(`the answers of ${point.arm}`, stored);
}

import { isRight, type Question, type Task } from "../tasks/index.js";

/** An answer to the question `id`. */
interface AnswerText {
  readonly id: string;
  readonly answer: string;
}

/**
 * Scores answers against the references of their questions, each different answer once.
 * @returns the score of an answer to a question, of those given.
 */
export async function scoresOf(
  task: Task,
  questions: readonly Question[],
  answers: readonly AnswerText[],
): Promise<(id: string, answer: string) => number> {
  const byId = new Map(questions.map((question) => [question.id, question]));
  const different = new Map(answers.map(({ id, answer }) => [keyOf(id, answer), { question: byId.get(id)!, answer }]));
  const scores = await task.grade([...different.values()]);
  const known = new Map([...different.keys()].map((key, i) => [key, scores[i]!]));
  return (id, answer) => known.get(keyOf(id, answer))!;
}

/** Whether an answer is right. For reports only (no method needs it): null where finding out would cost money. */
export async function rightnessOf(
  task: Task,
  questions: readonly Question[],
  answers: readonly AnswerText[],
  { needed = false }: { readonly needed?: boolean } = {},
): Promise<(id: string, answer: string) => boolean | null> {
  if (task.grading === "judged" && !needed) return () => null;
  const score = await scoresOf(task, questions, answers);
  return (id, answer) => isRight(score(id, answer));
}

/** Whether a plan should not grade, only expect it. */
export function isCostly({ grading = "computed" }: Task): boolean {
  return grading !== "computed";
}

function keyOf(id: string, answer: string): string {
  return JSON.stringify([id, answer]);
}

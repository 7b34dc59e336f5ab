import { type AbsentOptions, type Judge, type JudgeOrder, withoutAbsent } from "../judge/index.js";
import type { Answered } from "./task.js";

export interface WinRateOptions extends AbsentOptions {
  readonly order: JudgeOrder;
}

/**
 * Probability that a judge prefers each answer to its question's reference, in the order of `answers`: the metric of tasks whose answers are
 * open-ended. Ties are one half. A blank answer scores 0 unasked; an absent verdict counts as 0.5, no preference, and is said aloud.
 *
 * @throws LabError what the judge throws; `unreachable` where too many verdicts are absent.
 */
export async function winRates(
  judge: Judge,
  answers: readonly Answered[],
  options: WinRateOptions,
): Promise<readonly number[]> {
  const asked = answers.filter(({ answer }) => saysSomething(answer));
  const verdicts = await judge.winProbability(
    asked.map(({ question, answer }) => ({ instruction: question.question, a: answer, b: question.reference })),
    { order: options.order },
  );
  const scores = withoutAbsent(verdicts, options);
  let next = 0;
  return answers.map(({ answer }) => (saysSomething(answer) ? scores[next++]! : 0));
}

/** Whether an answer is more than white space: all that an open-ended answer must be. */
export function saysSomething(answer: string): boolean {
  return answer.trim() !== "";
}

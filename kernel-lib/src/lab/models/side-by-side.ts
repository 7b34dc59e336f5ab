import { answersSideBySide, provenanceOf, provenanceOfAll, withProvenance } from "../../notebook/index.js";
import type { ComparedAnswers, JudgedAnswer } from "../../results/index.js";
import { isRight, type Task } from "../../tasks/index.js";
import type { AnswerRequest } from "./answer.js";
import { type Asked, textOf } from "./asked.js";
import type { Model } from "./model.js";

/**
 * What several models say to the same questions, for `display` to show side by side. Questions with a reference are graded by the task where
 * that costs nothing.
 *
 * @param models by the names that stand above their answers.
 * @throws LabError as `model.answer`.
 * @example
 * const { test } = await taskByName("micro-math").splits(0);
 * display(await lab.sideBySide({ weak, SFT: sft, DPO: dpo, ILR: ilr }, test.slice(0, 5)));
 */
export async function sideBySide(
  models: Readonly<Record<string, Model>>,
  questions: readonly Asked[],
  request: Omit<AnswerRequest, "stream" | "onToken"> = {},
): Promise<readonly ComparedAnswers[]> {
  const rows: ComparedAnswers[] = [];
  for (const asked of questions) {
    const answers: Record<string, JudgedAnswer> = {};
    for (const [name, model] of Object.entries(models)) {
      const { text } = await model.answer(asked, request);
      answers[name] = { text, correct: await isCorrect(model.task, asked, text) };
    }
    const reference = typeof asked === "string" ? "" : (asked.reference ?? "");
    rows.push({ question: textOf(asked), reference, answers });
  }
  const shown = answersSideBySide(rows);
  const [first, ...others] = Object.values(models).flatMap((model) => provenanceOf(model) ?? []);
  return first ? withProvenance(shown, provenanceOfAll([first, ...others])) : shown;
}

/** Undefined where nobody can tell without being paid. */
async function isCorrect(task: Task | undefined, asked: Asked, answer: string): Promise<boolean | undefined> {
  if (task === undefined || typeof asked === "string" || asked.reference === undefined) return undefined;
  if ((task.grading ?? "computed") !== "computed") return undefined;
  const { id = "asked", question, reference, ...others } = asked;
  const [score] = await task.grade([{ question: { ...others, id, question, reference }, answer }]);
  return isRight(score!);
}

import type { AnswerRow, Artifact, Decoding } from "../steps/index.js";
import { type Question, taskKey } from "../tasks/index.js";
import { isCostly, scoresOf } from "./grading.js";
import { precisionOf, zeroTemperatureDecoding } from "./recipe.js";
import type { Setting, Split } from "./setting.js";

/** An answer and how it scored: the per-example record without which no paired test is possible. */
export interface GradedAnswer extends AnswerRow {
  /** Task metric, 0 to 1; exact match gives 0 or 1. */
  readonly score: number;
}

/** A model's answers to the questions of a split; `decoding` defaults to temperature 0 (F5). */
export async function answer(
  setting: Setting,
  model: Artifact,
  split: Split,
  label: string,
  decoding: Decoding = zeroTemperatureDecoding(setting.fidelity),
): Promise<Artifact<AnswerRow>> {
  const { answers } = await setting.runner.step(
    "sample",
    { decoding, maxAnswerTokens: setting.task.maxAnswerTokens, ...precisionOf(setting.recipe.student) },
    { model, prompts: split.prompts },
    { seed: setting.seed, label },
  );
  return answers as Artifact<AnswerRow>;
}

/** Scores answers against the references of their split. */
export async function grade(
  setting: Setting,
  answers: Artifact<AnswerRow>,
  split: Split,
  label: string,
): Promise<Artifact<GradedAnswer>> {
  const { task, runner } = setting;
  const { graded } = await runner.derive<{ answers: AnswerRow; questions: Question }, { graded: GradedAnswer }>(
    "task/grade",
    { task: taskKey(task) },
    { answers, questions: split.questions },
    { label, expectRows: { graded: answers.rows ?? 0 }, costly: isCostly(task) },
    async ({ answers: rows, questions }) => {
      const score = await scoresOf(task, questions, rows);
      return { graded: rows.map((row) => ({ ...row, score: score(row.id, row.answer) })) };
    },
  );
  return graded;
}

/** A model's accuracy on the test split, example by example. */
export async function test(setting: Setting, model: Artifact, label: string): Promise<Artifact<GradedAnswer>> {
  const answers = await answer(setting, model, setting.test, `${label}: test answers`);
  return grade(setting, answers, setting.test, `${label}: test accuracy`);
}

/** The same on the validation split, where choices may be made. */
export async function validate(setting: Setting, model: Artifact, label: string): Promise<Artifact<GradedAnswer>> {
  const answers = await answer(setting, model, setting.validation, `${label}: validation answers`);
  return grade(setting, answers, setting.validation, `${label}: validation accuracy`);
}

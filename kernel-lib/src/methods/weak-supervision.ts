import { LabError } from "../core/index.js";
import type { AnswerRow, Artifact, Demonstration, PromptRow } from "../steps/index.js";
import { checkpointName } from "../steps/index.js";
import { isRight } from "../tasks/index.js";
import { answer, type GradedAnswer, grade, test } from "./answer.js";
import { labelDecoding, type Recipe } from "./recipe.js";
import { groundTruth, type Setting } from "./setting.js";
import { sft } from "./sft.js";

/** The weak supervisor and what it says of the unlabelled questions. */
export interface WeakSupervision {
  readonly model: Artifact;
  /** Checkpoints of its training, earliest first; the evaluator learns from their mistakes. */
  readonly checkpoints: readonly Artifact[];
  /** The weak labels: its answers as demonstrations. */
  readonly labels: Artifact<Demonstration>;
  /** The same answers, scored (for reports; no method sees this). Undefined where only a judge could say. */
  readonly graded: Artifact<GradedAnswer> | undefined;
  readonly test: Artifact<GradedAnswer>;
}

/** Trains the weak supervisor on ground truth for one half of the training questions and lets it label the other half. */
export async function weakSupervision(setting: Setting): Promise<WeakSupervision> {
  const truth = await groundTruth(setting, setting.supervised);
  const outputs = await sft(setting, setting.bases.weak, truth, "weak supervisor", setting.recipe.weak);
  const { model } = outputs;
  const answers = await answer(
    setting,
    model,
    setting.unlabelled,
    "weak labels",
    labelDecoding(setting.recipe, setting.fidelity),
  );
  const [labels, graded, tested] = await Promise.all([
    asDemonstrations(setting, answers),
    setting.task.grading === "judged"
      ? undefined
      : grade(setting, answers, setting.unlabelled, "weak labels: accuracy"),
    test(setting, model, "weak supervisor"),
  ]);
  return { model, checkpoints: checkpointsOf(outputs, setting.recipe), labels, graded, test: tested };
}

/** Checkpoints that a weak supervisor's training left, earliest first. */
export function checkpointsOf(
  outputs: Readonly<Record<string, Artifact>>,
  { weak }: Pick<Recipe, "weak">,
): readonly Artifact[] {
  return Array.from({ length: weak.checkpoints ?? 0 }, (_, k) => outputs[checkpointName(k + 1)]!);
}

/**
 * Reliable demonstrations (`cor`): the weak labels that are right, and nothing for the other questions.
 * @throws LabError `unsupported` for a task whose labels only a judge could tell apart.
 */
export async function correctLabels(
  setting: Setting,
  { labels, graded }: WeakSupervision,
): Promise<Artifact<Demonstration>> {
  if (graded === undefined) {
    throw new LabError("unsupported", `${setting.task.name} cannot say which weak labels are correct`, {
      hint: "expected a task with an exact metric, such as gsm8k or bird",
    });
  }
  const { kept } = await setting.runner.derive<
    { labels: Demonstration; graded: GradedAnswer },
    { kept: Demonstration }
  >(
    "weak/correct-labels",
    {},
    { labels, graded },
    { label: "correct weak labels", expectRows: { kept: Math.ceil((labels.rows ?? 0) / 2) } },
    (tables) => ({ kept: tables.labels.filter((_, i) => isRight(tables.graded[i]!.score)) }),
  );
  return kept;
}

async function asDemonstrations(setting: Setting, answers: Artifact<AnswerRow>): Promise<Artifact<Demonstration>> {
  const { labels } = await setting.runner.derive<{ answers: AnswerRow; prompts: PromptRow }, { labels: Demonstration }>(
    "weak/labels",
    {},
    { answers, prompts: setting.unlabelled.prompts },
    { label: "weak labels as demonstrations", expectRows: { labels: answers.rows ?? 0 } },
    ({ answers: rows, prompts }) => {
      const byId = new Map(rows.map((row) => [row.id, row.answer]));
      return { labels: prompts.map(({ id, prompt }) => ({ id, prompt, answer: byId.get(id)! })) };
    },
  );
  return labels;
}

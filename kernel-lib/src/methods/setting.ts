import { type Artifact, type Demonstration, onBases, type PromptRow, type Runner } from "../steps/index.js";
import { type Question, type Task, taskKey } from "../tasks/index.js";
import type { Fidelity, Recipe } from "./recipe.js";

/** A split of the data: what models may see (`prompts`) apart from what only scoring may see (`questions`). */
export interface Split {
  readonly prompts: Artifact<PromptRow>;
  readonly questions: Artifact<Question>;
}

/**
 * A weak-supervision setting, fixed for one seed: who is taught, by whom, on what.
 * Half of the training questions trains the weak supervisor on ground truth (`supervised`), the other half gets its labels (`unlabelled`).
 */
export interface Setting {
  readonly runner: Runner;
  readonly task: Task;
  readonly seed: number;
  readonly recipe: Recipe;
  readonly fidelity: Fidelity;
  /** Pretrained language models: the weak supervisor's base and the student's. */
  readonly bases: { readonly weak: Artifact; readonly strong: Artifact };
  readonly supervised: Split;
  readonly unlabelled: Split;
  readonly validation: Split;
  readonly test: Split;
}

/** What varies between settings of one seed. */
export type SettingOptions = Pick<Setting, "runner" | "task" | "seed" | "recipe" | "fidelity" | "bases"> & {
  /** Use only the first so many questions of each split (for quick looks); undefined = all. */
  readonly limit?: { readonly train?: number; readonly validation?: number; readonly test?: number };
};

/** Draws the task's questions for one seed and halves the training split (paper: 50/50, seeded). */
export async function createSetting(options: SettingOptions): Promise<Setting> {
  const { task, seed, limit = {} } = options;
  const runner = onBases(options.runner);
  const sizes = task.sizes;
  const train = Math.min(limit.train ?? sizes.train, sizes.train);
  const test = Math.min(limit.test ?? sizes.test, sizes.test);
  const validation = Math.min(limit.validation ?? sizes.validation, sizes.validation);
  const half = Math.floor(train / 2);
  type Rows = Record<"supervised" | "unlabelled" | "validation" | "test", Question>;
  const questions = await runner.derive<unknown, Rows>(
    "task/questions",
    { task: taskKey(task), seed, train, validation, test },
    {},
    {
      label: `${task.name}: questions`,
      expectRows: { supervised: half, unlabelled: train - half, validation, test },
    },
    async () => {
      const splits = await task.splits(seed);
      return {
        supervised: splits.train.slice(0, half),
        unlabelled: splits.train.slice(half, train),
        validation: splits.validation.slice(0, validation),
        test: splits.test.slice(0, test),
      };
    },
  );
  const prompts = await runner.derive<Rows, Record<keyof Rows, PromptRow>>(
    "task/prompts",
    { task: taskKey(task) },
    questions,
    {
      label: `${task.name}: prompts`,
      expectRows: { supervised: half, unlabelled: train - half, validation, test },
    },
    (tables) => {
      const render = (rows: readonly Question[]): PromptRow[] =>
        rows.map(({ id, question }) => ({ id, prompt: task.prompt(question) }));
      return {
        supervised: render(tables.supervised),
        unlabelled: render(tables.unlabelled),
        validation: render(tables.validation),
        test: render(tables.test),
      };
    },
  );
  const split = (name: keyof Rows): Split => ({ questions: questions[name], prompts: prompts[name] });
  const { bases, recipe, fidelity } = options;
  return {
    ...{ runner, task, seed, recipe, fidelity, bases },
    supervised: split("supervised"),
    unlabelled: split("unlabelled"),
    validation: split("validation"),
    test: split("test"),
  };
}

/** The reference answers of a split as demonstrations (supervision by ground truth). */
export async function groundTruth(setting: Setting, split: Split): Promise<Artifact<Demonstration>> {
  const { demonstrations } = await setting.runner.derive<
    { prompts: PromptRow; questions: Question },
    { demonstrations: Demonstration }
  >(
    "task/ground-truth",
    {},
    { prompts: split.prompts, questions: split.questions },
    { label: "ground-truth demonstrations", expectRows: { demonstrations: split.prompts.rows ?? 0 } },
    ({ prompts, questions }) => ({
      demonstrations: prompts.map(({ id, prompt }, i) => ({ id, prompt, answer: questions[i]!.reference })),
    }),
  );
  return demonstrations;
}

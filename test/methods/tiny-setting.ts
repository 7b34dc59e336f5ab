/** A task of a few lines, a recipe, and settings on the runner in memory. */
import { seededRandom } from "../../kernel-lib/src/core/index.js";
import { createSetting, type Fidelity, type Recipe, type Setting } from "../../kernel-lib/src/methods/index.js";
import type { Demonstration } from "../../kernel-lib/src/steps/index.js";
import { defineTask, type Question, type Task, type TextTask } from "../../kernel-lib/src/tasks/index.js";
import { type FakeModel, type FakeRunner, fakeRunner, type SampleRequest, type Script } from "./fake-runner.js";

/** The final answer of a text: what follows `####`. Undefined where there is none. */
export const finalOf = (text: string): string | undefined => text.split("####")[1]?.trim();

/** Which question a prompt of the tiny task is about. */
export const idOf = (prompt: string): string => prompt.replace("prompt of ", "");

/** "train-3" has the final answer 3; its reference holds a phrase that no model ever says. */
export function tinyTask(sizes = { train: 40, validation: 6, test: 10 }): TextTask {
  const split = (name: keyof typeof sizes): Question[] =>
    Array.from({ length: sizes[name] }, (_, i) => ({
      id: `${name}-${i}`,
      question: `${name}-${i}`,
      reference: `secret reasoning of ${name}-${i} . #### ${i}`,
    }));
  const task = defineTask({
    name: "tiny",
    sizes,
    maxAnswerTokens: 8,
    typicalTokens: { prompt: 1, answer: 1 },
    splits: () => ({ train: split("train"), validation: split("validation"), test: split("test") }),
    prompt: (question) => `prompt of ${question}`,
    comparisonPrompt: (question, a, b) => JSON.stringify({ question, a, b }),
    score: (answer, reference) => Number(finalOf(answer) !== undefined && finalOf(answer) === finalOf(reference)),
    isWellFormed: (answer) => finalOf(answer) !== undefined,
    agrees: (proposal, label) => finalOf(proposal) !== undefined && finalOf(proposal) === finalOf(label),
  });
  return task;
}

/** A correct, a wrong and a malformed answer of the tiny task, in words that tell who said it. */
export const right = (id: string, who = "somebody"): string => `${who} says #### ${id.split("-")[1]}`;
export const wrong = (id: string, who = "somebody", slip = 0): string =>
  `${who} says #### not ${id.split("-")[1]} ${slip}`;
export const malformed = (id: string, who = "somebody"): string => `${who} rambles about ${id}`;

export const asDescribed: Fidelity = {
  dpoEvaluatorOrder: "as-described",
  alphaBase: "as-described",
  oracleCap: "as-described",
  evaluatorBos: "as-described",
  decoding: "as-described",
  lossWeighting: "as-described",
  dpoReference: "as-described",
  judgeOrder: "as-described",
  oraclePairs: "as-described",
};
export const asReleased: Fidelity = {
  dpoEvaluatorOrder: "as-released",
  alphaBase: "as-released",
  oracleCap: "as-released",
  evaluatorBos: "as-released",
  decoding: "as-released",
  lossWeighting: "as-released",
  dpoReference: "as-released",
  judgeOrder: "as-released",
  oraclePairs: "as-released",
};

const optimizer = { name: "adamw", lr: 1e-3 } as const;
export const tinyRecipe: Recipe = {
  weak: { epochs: 1, batchSize: 8, optimizer, checkpoints: 4 },
  student: { epochs: 1, batchSize: 8, optimizer },
  evaluator: { epochs: 1, batchSize: 8, optimizer },
  dpo: { beta: 0.1, epochs: 1, batchSize: 8, optimizer: { name: "rmsprop", lr: 1e-6 } },
  evaluatorTemperature: 0.6,
  preferenceSampling: { temperature: 0.7, samples: 6 },
  alpha: 0.15,
};

export interface TinyLab {
  readonly runner: FakeRunner;
  readonly setting: Setting;
  /** Ids of the unlabelled questions, in order. */
  readonly ids: readonly string[];
}

export type TinyOptions = Script & {
  readonly task?: Task;
  readonly fidelity?: Partial<Fidelity>;
  readonly recipe?: Partial<Recipe>;
  readonly seed?: number;
};

export async function tinyLab({ task, fidelity, recipe, seed = 0, ...script }: TinyOptions = {}): Promise<TinyLab> {
  const runner = fakeRunner({ answer: skilled(), ...script });
  const setting = await createSetting({
    runner,
    seed,
    task: task ?? tinyTask(),
    recipe: { ...tinyRecipe, ...recipe },
    fidelity: { ...asDescribed, ...fidelity },
    bases: { weak: runner.putModel("weak base"), strong: runner.putModel("strong base") },
  });
  return { runner, setting, ids: runner.rowsOf(setting.unlabelled.questions).map(({ id }) => id) };
}

/** Labels for the unlabelled questions. */
export const labelsOf = (ids: readonly string[], text: (id: string, i: number) => string): Demonstration[] =>
  ids.map((id, i) => ({ id, prompt: `prompt of ${id}`, answer: text(id, i) }));

/**
 * Answers right, wrong or malformed at random, by shares that may depend on the model; equal requests get equal answers.
 */
export function skilled(
  shares: (model: FakeModel) => { readonly right: number; readonly malformed: number } = () => ({
    right: 0.5,
    malformed: 0.05,
  }),
): (request: SampleRequest) => string {
  return ({ model, row, sample, seed }) => {
    const id = idOf(row.prompt);
    const random = seededRandom("skilled", nameOf(model), id, sample, seed);
    const draw = random.next();
    const share = shares(model);
    if (draw < share.malformed) return malformed(id, nameOf(model));
    return draw < share.malformed + share.right ? right(id, nameOf(model)) : wrong(id, nameOf(model), random.below(3));
  };
}

/** "checkpoint-02 of weak supervisor". */
export const nameOf = ({ name, checkpoint }: FakeModel): string => (checkpoint ? `${checkpoint} of ${name}` : name);

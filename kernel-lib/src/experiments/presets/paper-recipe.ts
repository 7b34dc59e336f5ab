/** Hyperparameters of the paper (Table 1) and, where it is silent, of its released code at 3ab48d3. */
import type { ExperimentInput, HubBase } from "../config.js";
import { gemma2b, llama3at70b, mistral7b, pythia70m, smolLm2At135m } from "./hub-models.js";

type Recipe = ExperimentInput["recipe"];
export type PaperTask = "gsm8k" | "bird" | "saferpaca";

/** Table 1, by task. Batch sizes are examples; the longest answer is in tokens. */
export const taskRows = {
  gsm8k: { epochs: 2, batchSize: 32, maxAnswerTokens: 256 },
  bird: { epochs: 2, batchSize: 32, maxAnswerTokens: 256 },
  saferpaca: { epochs: 4, batchSize: 32, maxAnswerTokens: 512 },
} as const satisfies Record<PaperTask, object>;

/** Table 1, by model: peak learning rate of SFT, and its optimizer. The last two are not the paper's: they get its smallest model's. */
const modelRows: ReadonlyMap<HubBase, { readonly lr: number; readonly optimizer: "adamw" | "adafactor" }> = new Map([
  [gemma2b, { lr: 5e-4, optimizer: "adamw" }],
  [mistral7b, { lr: 1e-4, optimizer: "adamw" }],
  [llama3at70b, { lr: 1e-4, optimizer: "adafactor" }],
  [smolLm2At135m, { lr: 5e-4, optimizer: "adamw" }],
  [pythia70m, { lr: 5e-4, optimizer: "adamw" }],
]);

/** Adapters on all linear layers, without dropout; arithmetic in bfloat16. Cosine schedule with 5 % warm-up is the optimizer's default. */
const adapters = { lora: { rank: 64, alpha: 128 }, precision: "bfloat16" } as const;

/**
 * The recipe of a task for a student and its weak supervisor. SaferPaca's texts are open-ended: its weak labels and proposals are drawn at
 * temperature 1 (the scripts' `--label_temp=1.0`), and its evaluator learns from supervisors that know one category only.
 */
export function paperRecipe(task: PaperTask, student: HubBase, supervisor: HubBase): Recipe {
  const { epochs, batchSize } = taskRows[task];
  const sft = (model: HubBase): Recipe["student"] => {
    const { lr, optimizer } = modelRows.get(model)!;
    return { epochs, batchSize, optimizer: { name: optimizer, lr }, ...adapters };
  };
  const isOpenEnded = task === "saferpaca";
  return {
    weak: { ...sft(supervisor), checkpoints: 10 },
    student: sft(student),
    evaluator: {
      ...{ epochs: 5, batchSize: 16, patience: 1, precision: "bfloat16" },
      optimizer: { name: "adamw", lr: 1e-6 },
    },
    dpo: { beta: 0.1, loss: "sigmoid", epochs, batchSize, optimizer: { name: "rmsprop", lr: 1e-6 }, ...adapters },
    evaluatorTemperature: 0.6,
    ...(isOpenEnded && { evaluatorPairs: "one-sided", labelTemperature: 1 }),
    preferenceSampling: { temperature: isOpenEnded ? 1 : 0.7, samples: 6 },
  };
}

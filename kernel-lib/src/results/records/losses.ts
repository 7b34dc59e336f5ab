import type { LogRow } from "../../steps/index.js";
import { pointColumns } from "../frames/index.js";
import { allRecords, storedRun } from "../stored-run.js";
import { defineRecords } from "./table.js";

const columns = {
  key: { type: "text", unit: "key", meaning: "Key of the step that trained, as in rounds (step) and steps." },
  label: { type: "text", unit: "text", meaning: "What the first arm that asked for the step calls it." },
  verb: { type: "text", unit: "name", meaning: "What was trained: pretrain, sft, dpo or evaluator." },
  seed: { ...pointColumns.seed, meaning: "The step's seed; DPO adds the round to the run's." },
  split: { type: "text", unit: "name", meaning: "Whether a row of training (train) or of validation." },
  step: { type: "integer", unit: "optimizer steps", meaning: "Optimizer steps so far, this one included." },
  epoch: { type: "integer", unit: "epoch", meaning: "Pass over the data, from 1." },
  loss: { type: "number", unit: "nats", meaning: "Mean loss of the batch, a token or a pair as the objective has it." },
  lr: { type: "number", unit: "1", meaning: "Learning rate." },
  gradNorm: { type: "number", unit: "1", meaning: "Norm of the gradient before clipping." },
  tokens: { type: "integer", unit: "tokens", meaning: "Tokens that the model read in this step." },
  margin: { type: "number", unit: "nats", meaning: "DPO: mean margin of the implicit rewards, chosen less rejected." },
  accuracy: {
    type: "number",
    unit: "share",
    meaning: "DPO: pairs with a positive margin; evaluator: pairs told right; 0 to 1.",
  },
} as const;

/** One row an optimizer step of every training, and one an epoch of the evaluator's validation. */
export const losses = defineRecords(columns, async ({ run, store }) => {
  const stored = await storedRun(run, await store());
  const trainings = allRecords("the training logs", stored).filter(({ outputs }) => outputs.log !== undefined);
  const tables = trainings.map(async ({ key, label, document, outputs }) => {
    if (document.kind !== "step") return [];
    const { verb, seed } = document.step;
    const rows = await stored.store.readRows<LogRow>(outputs.log!.ref);
    return rows.map(({ split = "train", step, epoch, loss, lr, gradNorm, tokens, margin, accuracy }) => ({
      ...{ key, label, verb, seed, split, step, epoch, loss },
      ...{ lr: lr ?? null, gradNorm: gradNorm ?? null, tokens: tokens ?? null },
      ...{ margin: margin ?? null, accuracy: accuracy ?? null },
    }));
  });
  return (await Promise.all(tables)).flat();
});

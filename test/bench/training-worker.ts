/** Our side of training.ts: optimizer steps of one workload. */
import { seededRandom } from "../../kernel-lib/src/core/index.js";
import { likelihoodFeeds, weightedLikelihood } from "../../kernel-lib/src/engine/objective.js";
import { packBatch } from "../../kernel-lib/src/engine/packing.js";
import { createTrainer, type Trainer } from "../../kernel-lib/src/engine/trainer.js";
import { freshParameters } from "../../kernel-lib/src/engine/verbs/pretrain.js";
import { tokenWeights } from "../../kernel-lib/src/engine/verbs/sft.js";
import { optimizerSchema } from "../../kernel-lib/src/steps/index.js";
import { answerLines, turn } from "./turns.js";
import { makeBatches, type Workload } from "./workloads.js";

const optimizer = optimizerSchema.parse({ name: "adamw", lr: 1e-3 });

async function prepare(workload: Workload): Promise<(k: number) => Promise<void>> {
  const { architecture, kind } = workload;
  const batches = makeBatches(workload);
  const rows = kind === "pretrain" ? "every" : "selected";
  const parameters = freshParameters(architecture, seededRandom("bench"));
  const model = { architecture, head: "lm", parameters, optimizer, objective: weightedLikelihood, rows } as const;
  const trainer: Trainer = await createTrainer(model);
  return async (k) => {
    const batch = batches[k % batches.length]!;
    const { feeds } = packBatch(batch, architecture.heads, architecture.maxPositions, rows);
    await trainer.step({ ...feeds, ...likelihoodFeeds(tokenWeights(batch, "per-token")) }, optimizer.lr);
  };
}

let step: (k: number) => Promise<void>;

await answerLines(async (message: { readonly workload?: Workload; readonly steps: number }) => {
  if (message.workload) step = await prepare(message.workload);
  return turn(async () => {
    for (let k = 0; k < message.steps; k++) await step(k);
    return {};
  });
});

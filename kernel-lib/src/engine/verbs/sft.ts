import { seededRandom } from "../../core/index.js";
import { checkpointName, type Demonstration, type Params } from "../../steps/index.js";
import type { Sequence } from "../batch.js";
import { readCheckpoint, writeCheckpoint } from "../checkpoint.js";
import { likelihoodFeeds, weightedLikelihood } from "../objective.js";
import { packBatch } from "../packing.js";
import { readRows } from "../rows.js";
import { answered, checkLength, checkTargets } from "../sequences.js";
import { inputPath, outputPath, type StepContext } from "../step-context.js";
import { loadTokenizer } from "../tokenizer.js";
import { createTrainer } from "../trainer.js";
import { epochBatches, mapped, train } from "../training-loop.js";

/**
 * Supervised fine-tuning. Prompt and answer are tokenised apart, EOS is appended, no BOS is prepended, and the loss is on answer and
 * EOS only. Every row is used in every epoch, in seeded order; the last batch of an epoch may be smaller.
 */
export async function sft(context: StepContext<"sft">): Promise<void> {
  const { params, seed } = context;
  const { optimizer, batchSize, epochs } = params;
  const start = await readCheckpoint(inputPath(context, "model"));
  const { architecture } = start;
  const rows = await readRows<Demonstration>(inputPath(context, "demonstrations"), {
    id: "string",
    prompt: "string",
    answer: "string",
  });
  const tokenizer = loadTokenizer(start.tokenizer);
  const sequences = rows.map(({ id, prompt, answer }) => {
    const sequence = answered(tokenizer.encode(prompt), [...tokenizer.encode(answer), tokenizer.eosId]);
    checkTargets(sequence.at.length, `demonstration ${id}`);
    checkLength(sequence.ids.length, architecture.maxPositions, `demonstration ${id}`);
    return sequence;
  });
  const steps = Math.ceil(sequences.length / batchSize) * epochs;
  const trainer = await createTrainer({
    ...start,
    head: "lm",
    optimizer,
    objective: weightedLikelihood,
    rows: "selected",
  });
  const save = async (name: string): Promise<void> => {
    const checkpoint = { ...start, head: "lm", parameters: trainer.parameters() } as const;
    await writeCheckpoint(outputPath(context, name), checkpoint, { storage: "float32" });
  };
  try {
    const shuffled = epochBatches(sequences, batchSize, epochs, (all, epoch) =>
      seededRandom(seed, "sft", "order", epoch).shuffle(all),
    );
    const batches = mapped(shuffled, ({ epoch, rows: batch }) => {
      const { feeds, tokens } = packBatch(batch, architecture.heads, architecture.maxPositions, "selected");
      return { epoch, tokens, feeds: { ...feeds, ...likelihoodFeeds(tokenWeights(batch, params.lossWeighting)) } };
    });
    const due = checkpointSteps(params.checkpoints, steps);
    const afterStep = async (step: number): Promise<undefined> => {
      for (const [k, at] of due.entries()) if (at === step) await save(checkpointName(k + 1));
    };
    await train(context, trainer, { optimizer, steps, batches, afterStep });
    await save("model");
  } finally {
    await trainer.dispose();
  }
}

/** Weight of each target in the loss: they sum to 1. `per-example`: every example counts the same, whatever its length (F6). */
export function tokenWeights(batch: readonly Sequence[], weighting: Params<"sft">["lossWeighting"]): number[] {
  const total = batch.reduce((sum, { at }) => sum + at.length, 0);
  return batch.flatMap(({ at }) => {
    const weight = weighting === "per-token" ? 1 / total : 1 / (batch.length * at.length);
    return at.map(() => weight);
  });
}

/** After which step each checkpoint is saved: evenly spaced, the last after the last step. */
export function checkpointSteps(checkpoints: number, steps: number): readonly number[] {
  return Array.from({ length: checkpoints }, (_, k) => Math.max(1, Math.round(((k + 1) * steps) / checkpoints)));
}

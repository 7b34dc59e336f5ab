import { seededRandom, throwIfCancelled } from "../../core/index.js";
import type { ClassifierExample, LogRow } from "../../steps/index.js";
import type { Sequence } from "../batch.js";
import { readCheckpoint, withClassifierHead, writeCheckpoint } from "../checkpoint.js";
import { createForward, type Forward, lengthBatches } from "../forward.js";
import { likelihoodFeeds, weightedLikelihood } from "../objective.js";
import { packBatch } from "../packing.js";
import { readRows } from "../rows.js";
import { emptyText } from "../scorer.js";
import { checkLength, classified } from "../sequences.js";
import { inputPath, outputPath, type StepContext } from "../step-context.js";
import { loadTokenizer, type Tokenizer } from "../tokenizer.js";
import { createTrainer } from "../trainer.js";
import { epochBatches, mapped, train } from "../training-loop.js";

/**
 * Full fine-tuning with a fresh 2-way classification head on the last token (transformers' LlamaForSequenceClassification) by cross
 * entropy. After each epoch the validation loss is measured; training stops after `patience` epochs without a better one, and the
 * best epoch's weights are the output.
 */
export async function evaluator(context: StepContext<"evaluator">): Promise<void> {
  const { params, seed, emit } = context;
  const { optimizer, batchSize, epochs, patience } = params;
  const base = await readCheckpoint(inputPath(context, "model"));
  const start = base.head === "classifier" ? base : withClassifierHead(base, seed);
  const { architecture } = start;
  const tokenizer = loadTokenizer(start.tokenizer);
  const examples = await readExamples(context, "train", tokenizer, architecture.maxPositions);
  const validation = await readExamples(context, "validation", tokenizer, architecture.maxPositions);
  const stepsPerEpoch = Math.ceil(examples.length / batchSize);
  const trainer = await createTrainer({ ...start, optimizer, objective: weightedLikelihood, rows: "selected" });
  const forward = await createForward(architecture, "classifier");
  let best = { loss: Number.POSITIVE_INFINITY, epoch: 0, parameters: start.parameters };

  const afterStep = async (step: number, log: LogRow[]): Promise<boolean> => {
    if (step % stepsPerEpoch !== 0) return false;
    const epoch = step / stepsPerEpoch;
    const parameters = trainer.parameters();
    const { loss, accuracy } = await validate(forward, parameters, validation, context.signal);
    log.push({ step, epoch, loss, accuracy, split: "validation" });
    emit({ type: "metric", name: "validationLoss", value: loss, step });
    if (loss < best.loss) best = { loss, epoch, parameters };
    return epoch - best.epoch >= patience;
  };
  try {
    const shuffled = epochBatches(examples, batchSize, epochs, (all, epoch) =>
      seededRandom(seed, "evaluator", "order", epoch).shuffle(all),
    );
    const batches = mapped(shuffled, ({ epoch, rows }) => {
      const { feeds, tokens } = packBatch(rows, architecture.heads, architecture.maxPositions, "selected");
      const weights = new Array<number>(rows.length).fill(1 / rows.length);
      return { epoch, tokens, feeds: { ...feeds, ...likelihoodFeeds(weights) } };
    });
    await train(context, trainer, {
      optimizer,
      steps: stepsPerEpoch * epochs,
      batches,
      describe: ({ reports }) => ({ accuracy: share(reports.logprobs!) }),
      afterStep,
    });
    emit({ type: "note", text: `best validation loss ${best.loss.toFixed(4)} after epoch ${best.epoch}` });
    await writeCheckpoint(
      outputPath(context, "model"),
      { ...start, parameters: best.parameters },
      { storage: "float32" },
    );
  } finally {
    await trainer.dispose();
    await forward.dispose();
  }
}

async function readExamples(
  context: StepContext<"evaluator">,
  name: "train" | "validation",
  tokenizer: Tokenizer,
  maxPositions: number,
): Promise<readonly Sequence[]> {
  const rows = await readRows<ClassifierExample>(inputPath(context, name), {
    id: "string",
    text: "string",
    label: "label",
  });
  return rows.map(({ id, text, label }) => {
    const ids = tokenizer.encode(text);
    if (ids.length === 0) throw emptyText(`${name} example ${id}`);
    checkLength(ids.length, maxPositions, `${name} example ${id}`);
    return classified(ids, label);
  });
}

/** Mean cross entropy (nats) and accuracy. */
async function validate(
  forward: Forward,
  parameters: Float32Array,
  examples: readonly Sequence[],
  signal: AbortSignal,
): Promise<{ readonly loss: number; readonly accuracy: number }> {
  let loss = 0;
  let correct = 0;
  for (const batch of lengthBatches(examples)) {
    throwIfCancelled(signal);
    const logprobs = await forward.logprobs(
      batch.map((index) => examples[index]!),
      parameters,
    );
    loss -= logprobs.reduce((a, b) => a + b, 0);
    correct += share(logprobs) * logprobs.length;
  }
  return { loss: loss / examples.length, accuracy: correct / examples.length };
}

/** Share of two-way targets that got more than half of the probability. */
function share(logprobs: Float32Array): number {
  const half = Math.log(0.5);
  return logprobs.reduce((count, logprob) => count + (logprob > half ? 1 : 0), 0) / logprobs.length;
}

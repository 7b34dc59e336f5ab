import { throwIfCancelled } from "../core/index.js";
import type { LogRow, Optimizer } from "../steps/index.js";
import type { Feeds } from "./batch.js";
import { writeRows } from "./rows.js";
import { learningRate } from "./schedule.js";
import { outputPath, progressReporter, type StepContext } from "./step-context.js";
import type { StepResult, Trainer } from "./trainer.js";

/** One batch, ready for the trainer. */
export interface TrainingBatch {
  /** From 1. */
  readonly epoch: number;
  readonly feeds: Feeds;
  /** Tokens that the model reads. */
  readonly tokens: number;
}

export interface TrainingPlan {
  readonly optimizer: Optimizer;
  /** Number of optimizer steps. */
  readonly steps: number;
  /** `tokens`: progress counts `totalTokens`; otherwise steps. */
  readonly totalTokens?: number;
  readonly batches: Iterable<TrainingBatch>;
  /** Further fields of a step's log row. */
  readonly describe?: (result: StepResult, batch: TrainingBatch) => Partial<LogRow>;
  /** Called after each step (from 1); `true` ends the training. */
  readonly afterStep?: (step: number, log: LogRow[]) => Promise<boolean | undefined>;
}

/**
 * Runs a plan: one optimizer step a batch, progress and loss to the context, a row a step to `outputs/log` (also when it fails).
 *
 * @throws LabError `cancelled` between two steps when the context's signal aborts; `training-diverged`.
 */
export async function train(context: StepContext, trainer: Trainer, plan: TrainingPlan): Promise<void> {
  const { optimizer, steps, totalTokens } = plan;
  const log: LogRow[] = [];
  const report = progressReporter(context.emit, totalTokens ? "tokens" : "steps", totalTokens ?? steps);
  let step = 0;
  let seen = 0;
  try {
    for (const batch of plan.batches) {
      throwIfCancelled(context.signal);
      const lr = learningRate(optimizer, step, steps);
      const result = await trainer.step(batch.feeds, lr);
      step++;
      seen += batch.tokens;
      const { loss, gradientNorm: gradNorm } = result;
      log.push({
        step,
        epoch: batch.epoch,
        loss,
        lr,
        gradNorm,
        tokens: batch.tokens,
        split: "train",
        ...plan.describe?.(result, batch),
      });
      if (report(totalTokens ? Math.min(seen, totalTokens) : step)) {
        context.emit({ type: "metric", name: "loss", value: loss, step });
      }
      if ((await plan.afterStep?.(step, log)) === true) break;
    }
  } catch (error) {
    // The rows so far help to see what went wrong; that they cannot be written must not hide it.
    await writeRows(outputPath(context, "log"), log).catch(() => undefined);
    throw error;
  }
  await writeRows(outputPath(context, "log"), log);
}

/** Batches of `size` rows for some epochs, each in its own order; the last batch of an epoch may be smaller. */
export function* epochBatches<T>(
  rows: readonly T[],
  size: number,
  epochs: number,
  shuffle: (rows: readonly T[], epoch: number) => readonly T[],
): Generator<{ readonly epoch: number; readonly rows: readonly T[] }> {
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const order = shuffle(rows, epoch);
    for (let start = 0; start < order.length; start += size) yield { epoch, rows: order.slice(start, start + size) };
  }
}

/** `items` through a function, one at a time as they are asked for. */
export function* mapped<T, U>(items: Iterable<T>, convert: (item: T) => U): Generator<U> {
  for (const item of items) yield convert(item);
}

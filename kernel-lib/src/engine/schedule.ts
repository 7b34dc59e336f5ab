import type { Optimizer } from "../steps/index.js";

/**
 * Learning rate of a step (from 0) of `total`: linear warm-up from 0, then a cosine to 0 or the peak for ever, as Hugging Face's
 * get_cosine_schedule_with_warmup and get_constant_schedule_with_warmup do. Warm-up is rounded up to whole steps.
 */
export function learningRate(optimizer: Optimizer, step: number, total: number): number {
  const warmup = Math.ceil(optimizer.warmup * total);
  if (step < warmup) return (optimizer.lr * step) / Math.max(1, warmup);
  if (optimizer.schedule === "constant") return optimizer.lr;
  const progress = (step - warmup) / Math.max(1, total - warmup);
  return optimizer.lr * 0.5 * (1 + Math.cos(Math.PI * progress));
}

import { tCritical, tTail } from "./distributions.js";

/** A way to see an estimate: (estimate - truth) / error has Student's t distribution. */
export interface Pivot {
  readonly centre: number;
  /** Standard error. */
  readonly error: number;
  /** Degrees of freedom; `Infinity` for the normal distribution. */
  readonly freedom: number;
}

/** A confidence interval's ends. */
export function endsOf(
  { centre, error, freedom }: Pivot,
  level: number,
): { readonly low: number; readonly high: number } {
  const half = tCritical((1 - level) / 2, freedom) * error;
  return { low: centre - half, high: centre + half };
}

/** One-sided p-value against the hypothesis that the truth is `bound` or less. Without any spread it is 0 or 1. */
export function pAbove({ centre, error, freedom }: Pivot, bound: number): number {
  const distance = centre - bound;
  if (error === 0) return distance > 0 ? 0 : 1;
  return tTail(distance / error, freedom);
}

/** One-sided p-value against the hypothesis that the truth is `bound` or more. */
export function pBelow({ centre, error, freedom }: Pivot, bound: number): number {
  return pAbove({ centre: -centre, error, freedom }, -bound);
}

/**
 * Student's t over the seeds' means: each seed counts once, with S - 1 degrees of freedom. Undefined for fewer than two seeds, which say
 * nothing about the spread between seeds.
 */
export function overSeeds(means: readonly number[]): Pivot | undefined {
  if (means.length < 2) return undefined;
  return { centre: mean(means), error: Math.sqrt(variance(means) / means.length), freedom: means.length - 1 };
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** With n - 1 in the denominator. */
export function variance(values: readonly number[]): number {
  const centre = mean(values);
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1);
}

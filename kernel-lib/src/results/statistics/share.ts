import { LabError } from "../../core/index.js";
import { endsOf, mean, overSeeds } from "./estimate.js";
import { type Interval, type IntervalOptions, LEVEL } from "./interval.js";
import { wilsonInterval } from "./wilson.js";

/** How many of a seed's questions were answered right. */
export interface Count {
  readonly right: number;
  readonly count: number;
}

/**
 * Test accuracy over seeds with its interval: the mean of the seeds' shares. One seed: the score interval of its questions, which says
 * nothing about other seeds. Several: Student's t over the seeds' shares, but never shorter than the score interval of all questions,
 * so that seeds that happen to agree do not pass for certainty.
 *
 * @throws LabError `input-missing` when a seed has no answers, or there is no seed.
 * @example
 * shareInterval([{ right: 1130, count: 2000 }, { right: 1190, count: 2000 }, { right: 1100, count: 2000 }]);
 */
export function shareInterval(seeds: readonly Count[], { level = LEVEL }: IntervalOptions = {}): Interval {
  if (seeds.length === 0 || seeds.some(({ count }) => count === 0)) {
    throw new LabError("input-missing", "there are no test answers to take an interval from");
  }
  const sum = (of: (seed: Count) => number): number => seeds.reduce((total, seed) => total + of(seed), 0);
  const count = sum((seed) => seed.count);
  const questions = wilsonInterval(sum(({ right }) => right) / count, count, { level });
  const shares = seeds.map((seed) => seed.right / seed.count);
  const spread = overSeeds(shares);
  if (spread === undefined) return questions;
  const { low, high } = endsOf(spread, level);
  return {
    value: mean(shares),
    low: Math.max(0, Math.min(low, questions.low)),
    high: Math.min(1, Math.max(high, questions.high)),
  };
}

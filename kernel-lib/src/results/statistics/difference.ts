import { LabError } from "../../core/index.js";
import { endsOf, mean, overSeeds, type Pivot, pAbove, pBelow } from "./estimate.js";
import { type Interval, type IntervalOptions, LEVEL } from "./interval.js";
import { differenceOf, type PairedTable, pooled, questionsOf } from "./paired.js";

/**
 * Difference in accuracy of two models on the same questions, first minus second, with its interval: the mean over seeds. One seed: the
 * adjusted Wald interval of Bonett and Price (2012) over its questions, which says nothing about other seeds. Several: Student's t over
 * the seeds' differences, but never shorter than the questions of all seeds taken together make it.
 *
 * @param tables one a seed.
 * @throws LabError `input-missing` when a seed has no questions, or there is no seed.
 * @example
 * differenceInterval([pairedTable(0, "1101", "1000"), pairedTable(1, "0111", "0110")]).value; // 0.375
 */
export function differenceInterval(tables: readonly PairedTable[], { level = LEVEL }: IntervalOptions = {}): Interval {
  const ends = pivotsOf(tables).map((pivot) => endsOf(pivot, level));
  return {
    value: mean(tables.map(differenceOf)),
    low: Math.max(-1, Math.min(...ends.map(({ low }) => low))),
    high: Math.min(1, Math.max(...ends.map(({ high }) => high))),
  };
}

/** One-sided p-values of a difference. Twice the smaller is two-sided. */
export interface DifferenceTest {
  /** Against the hypothesis that the difference is `bound` or less: small when it is larger. */
  readonly above: number;
  /** Against the hypothesis that it is `bound` or more: small when it is smaller. */
  readonly below: number;
}

/**
 * Tests a difference against a bound, in agreement with `differenceInterval`: the 95 % interval lies above the bound exactly when
 * `above` is below 0.025.
 *
 * @example
 * const { above, below } = differenceTest(tables); // against no difference
 * const p = Math.min(1, 2 * Math.min(above, below));
 */
export function differenceTest(tables: readonly PairedTable[], bound = 0): DifferenceTest {
  const pivots = pivotsOf(tables);
  return {
    above: Math.max(...pivots.map((pivot) => pAbove(pivot, bound))),
    below: Math.max(...pivots.map((pivot) => pBelow(pivot, bound))),
  };
}

/** Two-sided p-value against no difference. */
export function differencePValue(tables: readonly PairedTable[]): number {
  const { above, below } = differenceTest(tables);
  return Math.min(1, 2 * Math.min(above, below));
}

/** What an interval must cover: the questions as one sample, and the seeds as another where there are several. */
function pivotsOf(tables: readonly PairedTable[]): readonly Pivot[] {
  if (tables.length === 0 || tables.some((table) => questionsOf(table) === 0)) {
    throw new LabError("input-missing", "there are no test answers to take a difference of");
  }
  const seeds = overSeeds(tables.map(differenceOf));
  return seeds ? [overQuestions(pooled(tables)), seeds] : [overQuestions(pooled(tables))];
}

/**
 * Bonett and Price: one question is added to either side of the disagreement, so that the interval keeps its coverage, and some width,
 * where the two models hardly ever disagree.
 */
function overQuestions(table: PairedTable): Pivot {
  const count = questionsOf(table) + 2;
  const [first, second] = [(table.onlyFirst + 1) / count, (table.onlySecond + 1) / count];
  return {
    centre: first - second,
    error: Math.sqrt((first + second - (first - second) ** 2) / count),
    freedom: Number.POSITIVE_INFINITY,
  };
}

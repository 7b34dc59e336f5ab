import { LabError } from "../../core/index.js";
import { normalTail, tCritical } from "./distributions.js";
import { mean, variance } from "./estimate.js";
import { LEVEL } from "./interval.js";
import { differenceOf, type PairedTable, questionsOf } from "./paired.js";

/** How much a paired difference varies, as standard deviations of shares. */
export interface Spread {
  /** Between seeds, of the difference that endless questions would show; null where one seed was run. */
  readonly betweenSeeds: number | null;
  /** Between questions of one seed, where each is 1, 0 or -1. */
  readonly withinSeed: number;
}

/** What a study would look like. */
export interface Design extends Spread {
  readonly seeds: number;
  /** Test questions a seed. */
  readonly questions: number;
}

export interface PowerOptions {
  /** The difference in accuracy to be seen, as a share: 0.02 is 2 points. */
  readonly difference: number;
  /** How often it should be seen. Default: 0.8. */
  readonly power?: number;
  /** Coverage of the interval that is to exclude zero. Default: 0.95. */
  readonly level?: number;
}

/** What it would take to see a difference, from the spread that a run measured. */
export interface PowerAnalysis extends Design {
  /** How often this run's design shows the difference, where there is one. */
  readonly power: number;
  /** Seeds that would, with as many questions; null above 1,000, and where one seed was run. */
  readonly seedsNeeded: number | null;
  /** Questions a seed that would, with as many seeds; null where no number does. */
  readonly questionsNeeded: number | null;
  /** The smallest difference that this design shows as often as was asked; null where even a difference of 1 is not. */
  readonly smallestDifference: number | null;
}

const MOST_SEEDS = 1000;
const MOST_QUESTIONS = 2 ** 24;

/**
 * How many seeds and questions it would take to see a difference, judged by the spread that was measured. The spread between seeds is
 * itself estimated from S seeds, so with few of them read "about".
 *
 * @throws LabError `config-invalid` for a difference or a power that is none; `input-missing` without tables.
 * @example
 * powerAnalysis(tables, { difference: 0.02 }).seedsNeeded;
 */
export function powerAnalysis(
  tables: readonly PairedTable[],
  { difference, power = 0.8, level = LEVEL }: PowerOptions,
): PowerAnalysis {
  refuseNonsense(difference, power);
  const design: Design = {
    ...spreadOf(tables),
    seeds: tables.length,
    questions: Math.round(mean(tables.map(questionsOf))),
  };
  const shows = (change: Partial<Design>, size = difference): boolean =>
    powerOf({ ...design, ...change }, size, level) >= power;
  return {
    ...design,
    power: powerOf(design, difference, level),
    seedsNeeded: design.betweenSeeds === null ? null : smallest(2, MOST_SEEDS, (seeds) => shows({ seeds })),
    questionsNeeded: smallest(2, MOST_QUESTIONS, (questions) => shows({ questions })),
    smallestDifference: smallestShare((size) => shows({}, size)),
  };
}

/** The two components of a paired difference's variance; that between seeds is what the seeds' questions do not account for. */
export function spreadOf(tables: readonly PairedTable[]): Spread {
  if (tables.length === 0) throw new LabError("input-missing", "there are no test answers to take a spread of");
  const within = tables.map((table) => {
    const [count, disagreeing] = [questionsOf(table), table.onlyFirst + table.onlySecond];
    return (disagreeing - count * differenceOf(table) ** 2) / Math.max(1, count - 1);
  });
  const sampling = mean(within.map((value, i) => value / questionsOf(tables[i]!)));
  const between = tables.length < 2 ? null : Math.sqrt(Math.max(0, variance(tables.map(differenceOf)) - sampling));
  return { betweenSeeds: between, withinSeed: Math.sqrt(mean(within)) };
}

/**
 * How often `differenceInterval` of a design excludes zero when the true difference is `difference`. The mean over seeds is normal, the
 * seeds' own standard deviation s independent of it, and the interval is the longer of t(S - 1) over seeds and z over questions: the
 * power given s is a normal probability, which is then averaged over the chi distribution of s. (Without the second condition this is the
 * noncentral t distribution.) With one seed: for that seed's models.
 *
 * @example
 * powerOf({ seeds: 5, questions: 2000, betweenSeeds: 0.01, withinSeed: 0.45 }, 0.02);
 */
export function powerOf(design: Design, difference: number, level: number = LEVEL): number {
  const { seeds, questions, withinSeed, betweenSeeds } = design;
  const tail = (1 - level) / 2;
  const questionsOnly = (tCritical(tail, Number.POSITIVE_INFINITY) * withinSeed) / Math.sqrt(seeds * questions);
  const between = seeds === 1 ? 0 : (betweenSeeds ?? 0);
  const error = Math.sqrt((between ** 2 + withinSeed ** 2 / questions) / seeds);
  if (error === 0) return difference === 0 ? 0 : 1;
  const outside = (half: number): number =>
    normalTail((half - difference) / error) + normalTail((half + difference) / error);
  if (seeds === 1) return outside(questionsOnly);
  const critical = tCritical(tail, seeds - 1);
  return averageOverChi(seeds - 1, (ratio) => outside(Math.max(critical * ratio * error, questionsOnly)));
}

/** The mean of a function of s / sigma, where s is estimated with some degrees of freedom: midpoints of 400 intervals. */
function averageOverChi(freedom: number, of: (ratio: number) => number): number {
  const end = 1 + 8 / Math.sqrt(freedom);
  let [sum, weights] = [0, 0];
  for (let i = 0; i < 400; i++) {
    const ratio = (end * (i + 0.5)) / 400;
    const weight = Math.exp((freedom - 1) * Math.log(ratio) + (freedom / 2) * (1 - ratio * ratio));
    sum += weight * of(ratio);
    weights += weight;
  }
  return sum / weights;
}

/** The smallest whole number from `first` to `last` of which something is true that stays true; null when it never is. */
function smallest(first: number, last: number, holds: (value: number) => boolean): number | null {
  if (!holds(last)) return null;
  let [low, high] = [first - 1, last];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle;
  }
  return high;
}

function smallestShare(holds: (share: number) => boolean): number | null {
  const steps = smallest(1, 10_000, (value) => holds(value / 10_000));
  return steps === null ? null : steps / 10_000;
}

function refuseNonsense(difference: number, power: number): void {
  if (!(difference > 0 && difference <= 1)) {
    throw new LabError(
      "config-invalid",
      `the difference to be seen is ${difference}; expected a share above 0, up to 1`,
      {
        hint: "0.02 is a difference of 2 points",
      },
    );
  }
  if (!(power > 0 && power < 1)) {
    throw new LabError("config-invalid", `the power is ${power}; expected a number between 0 and 1`, {
      hint: "0.8 is usual: the difference is seen four times out of five",
    });
  }
}

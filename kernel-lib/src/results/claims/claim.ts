import type { Interval } from "../statistics/index.js";
import type { ArmsOfRun } from "./arms.js";

export type Outcome = "holds" | "contradicted" | "inconclusive";

/** `positive` and `negative`: the difference has this sign. `no-gain`: the first is not better than the second by `MARGIN` or more. */
export type Expectation = "positive" | "negative" | "no-gain";

/** Two arms, and what a claim says about the first one's test accuracy minus the second one's. */
export interface Contrast {
  readonly first: string;
  readonly second: string;
  readonly expects: Expectation;
}

/** A claim of the paper, and the comparisons of arms that decide it. */
export interface Claim {
  readonly claim: string;
  /** What is tested here, in one sentence. */
  readonly statement: string;
  /** What the paper says, in our words, and where. */
  readonly paper: string;
  readonly source: string;
  /** The arms that it takes, in words. */
  readonly needs: string;
  /** The comparisons nearest to the paper's own: the claim holds if all of them come out as expected. Empty: it cannot be tested. */
  readonly primary: (arms: ArmsOfRun) => readonly Contrast[];
  /** Further comparisons that bear on it. They decide nothing. */
  readonly also: (arms: ArmsOfRun) => readonly Contrast[];
}

/**
 * Smallest gain that counts as an improvement: 2 points of accuracy, which is what one seed's 2,000 questions can show (the 95 % interval of
 * its accuracy is 2 points to either side). The same for every claim, task and run.
 */
export const MARGIN = 0.02;

/**
 * What an interval says about an expectation.
 *
 * @param margin for `no-gain`: the smallest gain that would count.
 * @example
 * outcomeOf("no-gain", { low: -0.03, high: 0.01 }, 0.02); // "holds"
 */
export function outcomeOf(
  expects: Expectation,
  { low, high }: Pick<Interval, "low" | "high">,
  margin: number = MARGIN,
): Outcome {
  if (expects === "negative") return outcomeOf("positive", { low: -high, high: -low }, margin);
  if (expects === "positive") return low > 0 ? "holds" : high < 0 ? "contradicted" : "inconclusive";
  return low > 0 ? "contradicted" : high < margin ? "holds" : "inconclusive";
}

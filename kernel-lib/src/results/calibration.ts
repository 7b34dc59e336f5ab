import type { Arm, CalibrationBin, RunRecord } from "../experiments/index.js";
import { armCurves } from "./curves.js";
import { points as inPoints, percent } from "./format.js";
import { markdownTable } from "./summary.js";

/** A source's beliefs about some pairs, in those tenths of its scores that have any. */
export interface CalibrationCurve {
  /** The arm that showed it the pairs; or that its training kept them back. */
  readonly name: string;
  /** None for held-out pairs. */
  readonly description: Arm | undefined;
  readonly bins: readonly CalibrationBin[];
}

/** How sure a source is of its preferences, and how right. Shares of pairs with exactly one correct answer, 0 to 1. */
export interface Confidence {
  readonly pairs: number;
  /** Mean belief in the preferred answer. */
  readonly sure: number;
  /** How often the preferred answer is the correct one. */
  readonly right: number;
  /** Expected calibration error: mean distance of belief and truth, tenth by tenth. */
  readonly error: number;
  /** Pairs with a score from 0.4 to 0.6; of these, and of the others, those where it is right: null for none. */
  readonly timid: number;
  readonly rightTimid: number | null;
  readonly rightBold: number | null;
}

/** The name of pairs that no arm showed. */
export const heldOutPairs = "Held-out pairs";

/** Sources that have beliefs; what a synthetic one says is known. */
const believing: readonly Arm["comparisons"][] = ["evaluator", "judge", "human"];

/**
 * What models and people believed about the pairs they compared, seeds and rounds together: the evaluator's held-out pairs first, then arm by arm.
 *
 * @returns none for older records, which have no bins.
 */
export function calibrationCurves(run: RunRecord): readonly CalibrationCurve[] {
  const heldOut = run.evaluators.map(({ calibration }) => calibration);
  const arms = armCurves(run)
    .filter(({ description }) => believing.includes(description?.comparisons))
    .map(({ arm, description }) => {
      const bins = run.points.filter((point) => point.arm === arm).map(({ calibration }) => calibration);
      return { name: arm, description, bins: together(bins) };
    });
  return [{ name: heldOutPairs, description: undefined, bins: together(heldOut) }, ...arms].filter(
    ({ bins }) => bins.length > 0,
  );
}

/** Bins of several seeds and rounds as one; those without pairs are left out. */
function together(all: readonly (readonly CalibrationBin[] | null | undefined)[]): readonly CalibrationBin[] {
  return Array.from({ length: 10 }, (_, tenth) => {
    const bins = all.flatMap((bins) => bins?.[tenth] ?? []);
    const sum = (of: (bin: CalibrationBin) => number): number => bins.reduce((total, bin) => total + of(bin), 0);
    const pairs = sum((bin) => bin.pairs);
    return { pairs, right: sum(({ right }) => right), belief: sum((bin) => bin.pairs * bin.belief) / (pairs || 1) };
  }).filter(({ pairs }) => pairs > 0);
}

/**
 * The same pairs, each seen from the answer that was preferred.
 *
 * @param bins at least one, none of them empty.
 */
export function confidenceOf(bins: readonly CalibrationBin[]): Confidence {
  const sides = bins.map(({ pairs, right, belief }) =>
    belief > 0.5 ? { pairs, right, sure: belief } : { pairs, right: pairs - right, sure: 1 - belief },
  );
  const pairs = sum(sides, (side) => side.pairs);
  const [timid, bold] = [sides.filter(({ sure }) => sure <= 0.6), sides.filter(({ sure }) => sure > 0.6)];
  const rightOf = (some: typeof sides): number | null =>
    some.length === 0 ? null : sum(some, ({ right }) => right) / sum(some, (side) => side.pairs);
  return {
    pairs,
    sure: sum(sides, (side) => side.sure * side.pairs) / pairs,
    right: rightOf(sides)!,
    error: sum(sides, (side) => Math.abs(side.sure * side.pairs - side.right)) / pairs,
    timid: sum(timid, (side) => side.pairs) / pairs,
    rightTimid: rightOf(timid),
    rightBold: rightOf(bold),
  };
}

function sum<T>(rows: readonly T[], of: (row: T) => number): number {
  return rows.reduce((total, row) => total + of(row), 0);
}

/**
 * How sure models and people were of their preferences, and how right, as Markdown: a table over the pairs of each arm.
 *
 * @example
 * display(markdown(describeCalibration(run.record)));
 */
export function describeCalibration(run: RunRecord): string {
  const curves = calibrationCurves(run);
  if (curves.length === 0) return "This record has no beliefs of a model or of people.";
  const head = [
    "pairs",
    "confidence",
    "right",
    "surer than right",
    "error",
    "unsure",
    "right if unsure",
    "right if sure",
  ];
  const rows = curves.map(({ name, bins }) => {
    const { sure, right, error, timid, rightTimid, rightBold } = confidenceOf(bins);
    const shares = [timid, rightTimid, rightBold].map((share) => (share === null ? "" : percent(share)));
    return [name, percent(sure), percent(right), inPoints(sure - right), percent(error), ...shares];
  });
  return [markdownTable([head, ...rows]), "", `*${legend}*`].join("\n");
}

const legend =
  "Confidence: mean belief in the preferred answer. Error: mean distance of belief and truth, by tenths of the belief. Unsure: belief from 0.4 to 0.6.";

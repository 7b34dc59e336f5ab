/**
 * The published procedure once more, as plain functions over arrays, written from the paper's text and from what the released code does
 * (github.com/helloelwin/iterative-label-refinement at 3ab48d3), and from nothing in kernel-lib/src/methods. Shares are whole percents and
 * scores whole thousandths, so that thresholds are exact.
 */

/** A question's label and proposal, as far as refinement sees them. */
export interface LabelCase {
  readonly id: string;
  readonly agrees: boolean;
  /** A proposal without an answer in it. */
  readonly malformed: boolean;
  readonly labelRight: boolean;
  readonly proposalRight: boolean;
  /** Thousandths of belief that the proposal is better. */
  readonly score: number;
}

const HALF = 500;
const byScore = (x: LabelCase, y: LabelCase): number => y.score - x.score;

/** Rule 3: what is compared at all. */
export const disputed = (cases: readonly LabelCase[]): readonly LabelCase[] =>
  cases.filter(({ agrees, malformed }) => !agrees && !malformed);

/** As described: of all labels at most alpha percent change; those with the best scores above one half. */
export function acceptedAsDescribed(cases: readonly LabelCase[], alpha: number): readonly string[] {
  const winners = disputed(cases).filter(({ score }) => score > HALF);
  return [...winners]
    .sort(byScore)
    .slice(0, Math.floor((alpha * cases.length) / 100))
    .map(idOf);
}

/** As released: above one half and above numpy's percentile (linear between neighbours) of the disagreeing examples' scores. */
export function acceptedAsReleased(cases: readonly LabelCase[], alpha: number): readonly string[] {
  const pairs = disputed(cases);
  if (pairs.length === 0) return [];
  const scores = pairs.map(({ score }) => score).sort((x, y) => x - y);
  // Everything in hundredths of thousandths: exact in integers.
  const place = (scores.length - 1) * (100 - alpha);
  const below = scores[Math.floor(place / 100)]!;
  const above = scores[Math.min(Math.floor(place / 100) + 1, scores.length - 1)]!;
  const threshold = Math.max(100 * HALF, 100 * below + (place % 100) * (above - below));
  return pairs.filter(({ score }) => 100 * score > threshold).map(idOf);
}

/** The oracle without a cap: every correct proposal that is compared. */
export const acceptedByOracle = (cases: readonly LabelCase[]): readonly string[] =>
  cases.filter(({ agrees, proposalRight }) => !agrees && proposalRight).map(idOf);

const idOf = ({ id }: { readonly id: string }): string => id;

/** A question's samples in their order, paired (1, 2), (3, 4), (5, 6). */
export const pairsOf = <T>(samples: readonly T[]): readonly (readonly [T, T])[] =>
  samples.flatMap((first, k) =>
    k % 2 === 0 && samples[k + 1] !== undefined ? [[first, samples[k + 1]!] as const] : [],
  );

export interface PreferenceCase {
  readonly id: string;
  readonly aRight: boolean;
  readonly bRight: boolean;
  /** Thousandths of belief that b is better. */
  readonly score: number;
}

/** As described: the alpha percent that are farthest from one half; one half itself is no preference. */
export function preferredAsDescribed(cases: readonly PreferenceCase[], alpha: number): readonly string[] {
  const confidence = ({ score }: PreferenceCase): number => Math.abs(score - HALF);
  const informed = cases.filter(({ score }) => score !== HALF);
  return [...informed]
    .sort((x, y) => confidence(y) - confidence(x))
    .slice(0, shareOf(cases.length, alpha))
    .map(idOf);
}

/** alpha percent of a number of pairs, to the nearest. */
export const shareOf = (count: number, alpha: number): number => Math.floor((alpha * count + 50) / 100);

/** As released the loop over ranked pairs ends at the first index above alpha * n, so that one pair more is in. */
export const shareAsReleased = (count: number, alpha: number): number =>
  Math.min(count, Math.floor((alpha * count) / 100) + 1);

/** What a released oracle pair trains on: `b` where only it is right, else `a`; dropped where that is wrong (F3, F9). */
export function chosenByReleasedOracle({ aRight, bRight }: PreferenceCase): "a" | "b" | "dropped" {
  const chosen = bRight && !aRight ? "b" : "a";
  return (chosen === "a" ? aRight : bRight) ? chosen : "dropped";
}

/** Which pairs an evaluator may learn from: better and worse, each "reference", or the place of a checkpoint (earliest first). */
export function evaluatorPairs(right: readonly boolean[]): readonly (readonly ["reference" | number, number])[] {
  const of = (wanted: boolean): readonly number[] => right.flatMap((is, k) => (is === wanted ? [k] : []));
  const [positives, negatives] = [of(true), of(false)];
  const against = (better: "reference" | number, worse: readonly number[]) => worse.map((w) => [better, w] as const);
  if (negatives.length === 0) return against("reference", positives);
  return [against("reference", negatives), ...positives.map((better) => against(better, negatives))].flat();
}

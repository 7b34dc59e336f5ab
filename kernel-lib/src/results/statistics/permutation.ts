import { LabError, seededRandom } from "../../core/index.js";
import { differenceOf, type PairedTable, questionsOf } from "./paired.js";

export interface PermutationOptions {
  /** How many sign patterns are drawn where there are too many to go through. Default: 9999. */
  readonly resamples?: number;
  /** The same seed draws the same patterns. Default: 0. */
  readonly seed?: number;
}

export interface PermutationTest {
  /** Two-sided. */
  readonly p: number;
  /** Whether every pattern was counted; otherwise p is (1 + as extreme) / (1 + drawn), which is never 0. */
  readonly exact: boolean;
}

/** 2^20 sign patterns are half as many sums, by symmetry: some milliseconds. */
const MOST_ENUMERATED = 20;

/**
 * Fisher's sign-flip test of paired differences: were the two arms the same, each difference could as well have had the other sign. The
 * p-value is the share of sign patterns whose sum is at least as far from zero. Exact by counting where all differences have one size
 * (questions right or wrong: the exact McNemar test) and where they are few; drawn otherwise.
 *
 * @param differences of pairs, zeros included or not: they change nothing.
 * @throws LabError `input-missing` for no differences at all.
 * @example
 * signFlipTest([49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]).p; // 1726 / 32768 (Fisher 1935, Darwin's maize)
 */
export function signFlipTest(differences: readonly number[], options: PermutationOptions = {}): PermutationTest {
  if (differences.length === 0) throw new LabError("input-missing", "there are no differences to flip");
  const sizes = differences.filter((value) => value !== 0).map(Math.abs);
  const observed = Math.abs(differences.reduce((sum, value) => sum + value, 0));
  if (sizes.every((size) => size === sizes[0])) {
    const positive = differences.filter((value) => value > 0).length;
    return { p: evenOdds(positive, sizes.length - positive), exact: true };
  }
  // Sums in another order differ by rounding; what is as extreme as observed must count as such.
  const bound = observed - 1e-9 * sizes.reduce((sum, size) => sum + size, 0);
  if (sizes.length <= MOST_ENUMERATED) return { p: enumerated(sizes, bound), exact: true };
  return { p: drawn(sizes, bound, options), exact: false };
}

/**
 * The sign-flip test of two arms. Over questions, within seeds: could these models' answers be told apart? It says nothing about models
 * trained with other seeds. Over seeds: each seed's difference is one observation; with S seeds p cannot be below 2 / 2^S, so that five
 * seeds that all agree give 0.06.
 *
 * @example
 * permutationTest(tables, "seeds").p;
 */
export function permutationTest(
  tables: readonly PairedTable[],
  over: "questions" | "seeds",
  options: PermutationOptions = {},
): PermutationTest {
  if (over === "seeds") return signFlipTest(tables.map(differenceOf), options);
  const counts = new Set(tables.map(questionsOf));
  if (counts.size === 1) {
    const sum = (of: (table: PairedTable) => number): number => tables.reduce((total, table) => total + of(table), 0);
    return {
      p: evenOdds(
        sum(({ onlyFirst }) => onlyFirst),
        sum(({ onlySecond }) => onlySecond),
      ),
      exact: true,
    };
  }
  // Each seed counts the same, so questions of a seed with fewer weigh more.
  const weighted = tables.flatMap((table) => [
    ...Array<number>(table.onlyFirst).fill(1 / questionsOf(table)),
    ...Array<number>(table.onlySecond).fill(-1 / questionsOf(table)),
  ]);
  return weighted.length === 0 ? { p: 1, exact: true } : signFlipTest(weighted, options);
}

/** Two-sided binomial test of `first` against `second` at even odds: twice the smaller tail. */
function evenOdds(first: number, second: number): number {
  const count = first + second;
  const smaller = Math.min(first, second);
  let logTerm = -count * Math.LN2;
  let tail = Math.exp(logTerm);
  for (let k = 1; k <= smaller; k++) {
    logTerm += Math.log((count - k + 1) / k);
    tail += Math.exp(logTerm);
  }
  return Math.min(1, 2 * tail);
}

/** Goes through the patterns in Gray code order, so that each differs from the last in one sign; the last sign stays, by symmetry. */
function enumerated(sizes: readonly number[], bound: number): number {
  const patterns = 2 ** (sizes.length - 1);
  const signs = sizes.map(() => 1);
  let sum = sizes.reduce((total, size) => total + size, 0);
  let extreme = Number(sum >= bound);
  for (let pattern = 1; pattern < patterns; pattern++) {
    const flipped = 31 - Math.clz32(pattern & -pattern);
    signs[flipped] = -signs[flipped]!;
    sum += 2 * signs[flipped]! * sizes[flipped]!;
    if (Math.abs(sum) >= bound) extreme += 1;
  }
  return extreme / patterns;
}

function drawn(sizes: readonly number[], bound: number, { resamples = 9999, seed = 0 }: PermutationOptions): number {
  const random = seededRandom("permutation/signs", seed);
  let extreme = 0;
  for (let r = 0; r < resamples; r++) {
    let sum = 0;
    for (const size of sizes) sum += random.next() < 0.5 ? size : -size;
    if (Math.abs(sum) >= bound) extreme += 1;
  }
  return (1 + extreme) / (1 + resamples);
}

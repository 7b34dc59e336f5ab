import { type PairedTable, pooled, questionsOf } from "./paired.js";

/** How large a difference is, in the three ways in which papers say it; seeds together. */
export interface EffectSize {
  /** Questions that only the first, or only the second, answered right. */
  readonly onlyFirst: number;
  readonly onlySecond: number;
  /** The conditional odds ratio of McNemar's test, onlyFirst / onlySecond; null where the second never was right alone. */
  readonly oddsRatio: number | null;
  /** Cohen's h: difference of the arcsine-transformed accuracies. By his convention 0.2 is small, 0.5 medium, 0.8 large. */
  readonly cohensH: number;
}

/**
 * Effect sizes of a paired comparison.
 *
 * @example
 * effectSize([pairedTable(0, "1101", "1000")]); // { onlyFirst: 2, onlySecond: 0, oddsRatio: null, cohensH: 1.047 }
 */
export function effectSize(tables: readonly PairedTable[]): EffectSize {
  const all = pooled(tables);
  const { both, onlyFirst, onlySecond } = all;
  const count = questionsOf(all);
  return {
    ...{ onlyFirst, onlySecond, oddsRatio: onlySecond === 0 ? null : onlyFirst / onlySecond },
    cohensH: arcsine((both + onlyFirst) / count) - arcsine((both + onlySecond) / count),
  };
}

function arcsine(share: number): number {
  return 2 * Math.asin(Math.sqrt(share));
}

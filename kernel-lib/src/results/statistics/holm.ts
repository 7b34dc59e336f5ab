/** A p-value among others. */
export interface Adjusted {
  /** Holm's p-value: below the level exactly when the hypothesis is rejected with all of the family allowed for. */
  readonly p: number;
  /** How many hypotheses were still in play when this one's turn came: its own level is the family's divided by this. */
  readonly remaining: number;
}

/**
 * Holm's (1979) step-down correction: whatever the tests have to do with each other, a family in which every hypothesis is true yields
 * one rejection or more with a probability of at most the level.
 *
 * @returns in the order given.
 * @example
 * holm([0.01, 0.04, 0.03, 0.005]).map(({ p }) => p); // [0.03, 0.06, 0.06, 0.02]
 */
export function holm(pValues: readonly number[]): readonly Adjusted[] {
  const order = pValues.map((p, at) => ({ p, at })).sort((a, b) => a.p - b.p);
  const adjusted: Adjusted[] = [];
  let largest = 0;
  for (const [rank, { p, at }] of order.entries()) {
    const remaining = pValues.length - rank;
    largest = Math.max(largest, Math.min(1, remaining * p));
    adjusted[at] = { p: largest, remaining };
  }
  return adjusted;
}

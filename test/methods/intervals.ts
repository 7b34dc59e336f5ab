import { expect } from "vitest";

/**
 * A count of successes is what a binomial of that probability gives, within 4 standard errors. The tests' randomness is
 * seeded, so this is checked once and for all.
 */
export function expectShare(hits: number, of: number, probability: number): void {
  const error = Math.sqrt((probability * (1 - probability)) / of);
  expect(Math.abs(hits / of - probability), `${hits} of ${of} against ${probability}`).toBeLessThanOrEqual(4 * error);
}

/** Pearson's statistic of counts against expected frequencies (any scale). */
export function chiSquare(counts: readonly number[], frequencies: readonly number[]): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const scale = total / frequencies.reduce((sum, frequency) => sum + frequency, 0);
  return counts.reduce((sum, count, i) => sum + (count - frequencies[i]! * scale) ** 2 / (frequencies[i]! * scale), 0);
}

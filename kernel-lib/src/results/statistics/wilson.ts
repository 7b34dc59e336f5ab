import { tCritical } from "./distributions.js";
import { type Interval, type IntervalOptions, LEVEL } from "./interval.js";

/**
 * A share with its score interval (Wilson 1927), where only the share and the count are recorded and not every outcome. Unlike the
 * normal interval it stays inside [0, 1] and has a width at 0 and at 1.
 *
 * @example
 * wilsonInterval(0.5, 100); // { value: 0.5, low: 0.404, high: 0.596 }
 */
export function wilsonInterval(share: number, count: number, { level = LEVEL }: IntervalOptions = {}): Interval {
  const z = tCritical((1 - level) / 2, Number.POSITIVE_INFINITY);
  const spread = z * Math.sqrt((share * (1 - share)) / count + (z * z) / (4 * count * count));
  const [middle, scale] = [share + (z * z) / (2 * count), 1 + (z * z) / count];
  // At 0 and 1 the formula's ends miss the share by a rounding error.
  return {
    value: share,
    low: Math.max(0, Math.min(share, (middle - spread) / scale)),
    high: Math.min(1, Math.max(share, (middle + spread) / scale)),
  };
}

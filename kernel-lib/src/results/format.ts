/** How results are written: pure functions from numbers to text. */
import type { Interval } from "./statistics/index.js";

/** A difference of shares in points, always with its sign: "+2.1", "−0.4", "+0.0". */
export function points(share: number): string {
  const text = (100 * share).toFixed(1);
  return share < 0 && Number(text) !== 0 ? `−${text.slice(1)}` : `+${text.replace("-", "")}`;
}

/** A difference with its interval, in points: "+2.1 [+0.3, +3.9]". */
export function effect({ value, low, high }: Interval): string {
  return `${points(value)} [${points(low)}, ${points(high)}]`;
}

/** A p-value as "0.016", "0.25" or "< 0.001". */
export function pValue(p: number): string {
  if (p < 0.001) return "< 0.001";
  return p < 0.1 ? p.toFixed(3) : p.toFixed(2);
}

/** A share as "57.3 %". */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** Seconds as words: "4.2 s", "80 s", "8.0 min", "1.5 h". */
export function duration(seconds: number): string {
  if (seconds < 90) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  return seconds < 5400 ? `${(seconds / 60).toFixed(1)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** How results are written: pure functions from numbers to text. */

/** A difference of shares in points, always with its sign: "+2.1", "−0.4", "+0.0". */
export function points(share: number): string {
  const text = (100 * share).toFixed(1);
  return share < 0 && Number(text) !== 0 ? `−${text.slice(1)}` : `+${text.replace("-", "")}`;
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

const months = "January February March April May June July August September October November December".split(" ");

/**
 * A difference of shares in points, always with its sign.
 *
 * @example
 * points(-0.018); // "−1.8"
 */
export function points(share: number): string {
  const text = Math.abs(100 * share).toFixed(1);
  return share < 0 && Number(text) !== 0 ? `−${text}` : `+${text}`;
}

/**
 * A time of ISO 8601 for readers, in UTC and without the clock's or the machine's locale.
 *
 * @example
 * readableTime("2026-11-23T07:01:21Z"); // "23 November 2026, 07:01 UTC"
 */
export function readableTime(time: string): string {
  const iso = utc(time);
  const [year, month, day] = iso.slice(0, 10).split("-").map(Number);
  return `${day} ${months[month! - 1]} ${year}, ${iso.slice(11, 16)} UTC`;
}

/** The same moment in UTC, so that times can be compared as text. */
export function utc(time: string): string {
  return new Date(time).toISOString();
}

/** "1 seed", "3 seeds". */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

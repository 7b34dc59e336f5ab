/** An estimate with its interval, all in the estimate's unit; `low` and `high` are ends, not lengths. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Coverage of every interval that does not ask for another, and one minus the level of every test. */
export const LEVEL = 0.95;

export interface IntervalOptions {
  /** Coverage of the interval, such as 0.95 (the default). */
  readonly level?: number;
}

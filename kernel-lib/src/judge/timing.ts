import { sleep } from "../core/index.js";

/** Where time and chance come from; tests bring their own. */
export interface Timing {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Waits; throws LabError `cancelled` as soon as the signal is aborted. */
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

export const realTiming: Timing = { now: Date.now, sleep, random: Math.random };

/** Says when the next request may be sent; shared by all requests to one server. */
export interface Pace {
  /** Waits for this request's turn. */
  turn(signal?: AbortSignal): Promise<void>;
  /** Nobody sends for so long: the server asked for it. */
  pause(milliseconds: number): void;
}

/** Requests evenly spread over the minute, rather than in bursts that a server would refuse. */
export function openPace(requestsPerMinute: number | undefined, timing: Timing): Pace {
  const interval = requestsPerMinute === undefined ? 0 : 60_000 / requestsPerMinute;
  let next = 0;
  let pausedUntil = 0;
  return {
    turn: async (signal) => {
      const mine = Math.max(next, timing.now());
      next = mine + interval;
      // A pause may begin while a request waits for its turn.
      for (;;) {
        const wait = Math.max(mine, pausedUntil) - timing.now();
        if (wait <= 0) return;
        await timing.sleep(wait, signal);
      }
    },
    pause: (milliseconds) => {
      pausedUntil = Math.max(pausedUntil, timing.now() + milliseconds);
    },
  };
}

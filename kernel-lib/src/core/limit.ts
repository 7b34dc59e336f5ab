import { cancelled, throwIfCancelled } from "./cancellation.js";

/** Runs a task when a slot is free, first come, first served; a queued task leaves the queue when its signal is aborted. */
export type Limit = <T>(task: () => Promise<T>, signal?: AbortSignal) => Promise<T>;

/**
 * At most `slots` tasks at once.
 *
 * @example
 * const limit = limitOf(2);
 * await Promise.all(steps.map((step) => limit(() => run(step))));
 */
export function limitOf(slots: number): Limit {
  let free = slots;
  const queue: (() => void)[] = [];

  const take = async (signal: AbortSignal | undefined): Promise<void> => {
    throwIfCancelled(signal);
    if (free > 0) {
      free--;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => {
        queue.splice(queue.indexOf(enter), 1);
        reject(cancelled());
      };
      const enter = (): void => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      };
      queue.push(enter);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  };
  const give = (): void => {
    const next = queue.shift();
    // The slot passes from hand to hand, so that nobody overtakes the queue.
    if (next) next();
    else free++;
  };

  return async (task, signal) => {
    await take(signal);
    try {
      return await task();
    } finally {
      give();
    }
  };
}

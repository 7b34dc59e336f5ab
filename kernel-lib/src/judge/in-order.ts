import { LabError, throwIfCancelled } from "../core/index.js";

/**
 * Does something with every item, at most `concurrency` at a time, and gives the results in the items' order. After the first failure
 * nothing new is begun, and what is under way is waited for: it has been paid for.
 *
 * @throws the first failure; a `budget-exhausted` one says how many items are left.
 */
export async function inOrder<T, R>(
  items: readonly T[],
  concurrency: number,
  act: (item: T, index: number) => Promise<R>,
  options: {
    readonly signal?: AbortSignal | undefined;
    readonly progress?: (done: number, total: number) => void;
  } = {},
): Promise<readonly R[]> {
  const results = new Array<R>(items.length);
  const failures: unknown[] = [];
  let [next, done] = [0, 0];
  const worker = async (): Promise<void> => {
    while (next < items.length && failures.length === 0) {
      const index = next++;
      try {
        throwIfCancelled(options.signal);
        results[index] = await act(items[index]!, index);
        done++;
        options.progress?.(done, items.length);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, worker));
  if (failures.length > 0) throw withWhatIsLeft(failures[0], done, items.length);
  return results;
}

function withWhatIsLeft(error: unknown, done: number, total: number): unknown {
  if (!(error instanceof LabError) || error.code !== "budget-exhausted") return error;
  const message = `${error.message}; ${done} of ${total} answers are there, ${total - done} are left to ask for`;
  return new LabError("budget-exhausted", message, {
    hint: "finished answers are kept; raise the budget and run again: only the rest is asked for",
  });
}

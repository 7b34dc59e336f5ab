const KILLED_BY_SIGINT = 130;

/**
 * Runs work that Ctrl-C stops in good order: the first cancels it, which takes a moment, a second ends the process at once. Either
 * way finished steps are in the store.
 *
 * @param announce tells the user what the first Ctrl-C did.
 */
export async function interruptible<T>(
  announce: (line: string) => void,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(KILLED_BY_SIGINT);
    announce("stopping; finished steps are kept, and the same command goes on from there (Ctrl-C again: stop at once)");
    controller.abort();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  try {
    return await work(controller.signal);
  } catch (error) {
    // One step has failed: what runs beside it stops too, instead of going on behind the message.
    controller.abort();
    throw error;
  } finally {
    process.removeListener("SIGINT", onSignal);
    process.removeListener("SIGTERM", onSignal);
  }
}

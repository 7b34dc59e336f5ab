import { cancelled, LabError, sleep, throwIfCancelled } from "../../core/index.js";
import type { Ending } from "../contract/ending.js";
import type { EventStream } from "../contract/event-stream.js";
import type { DockerContainer } from "./client.js";
import { within } from "./engine.js";
import { engineFailure, isUnreachable, statusOf } from "./failures.js";
import { type LogReader, logReader } from "./log-frames.js";

export interface FollowOptions {
  readonly signal?: AbortSignal | undefined;
  /** How long the engine may be away, in ms, before its containers are given up. */
  readonly patienceMs: number;
  /** Pause between two questions whether all is well, in ms. */
  readonly heartbeatMs: number;
}

/** The engine was away for longer than anybody waits; the container may live. */
export class EngineGone extends LabError {}

const ANSWER_MS = 10_000;
/** First and longest pause between two tries, in ms. */
const PAUSE = 10;
const LONGEST_PAUSE = 500;

/**
 * Reads a container's log from its beginning until it has ended, across restarts of the engine, and tells how it ended. Every line is
 * told once.
 *
 * @throws LabError `cancelled`; `step-failed` if somebody removed the container, or (EngineGone) if the engine stays away.
 */
export async function followContainer(
  container: DockerContainer,
  stream: EventStream,
  options: FollowOptions,
): Promise<Ending> {
  const reader = logReader((payload, source) => stream.write(payload, source));
  let lastContact = performance.now();
  // Mostly there is one pause, between a stream's end and the look at how the container ended; if the engine is away, there are many.
  for (let pause = PAUSE; ; pause = Math.min(LONGEST_PAUSE, pause * 2)) {
    throwIfCancelled(options.signal, "the container");
    try {
      const { State: state } = await within(ANSWER_MS, container.inspect());
      lastContact = performance.now();
      const isOver = !state.Running && state.Status !== "created";
      await readLog(container, reader, isOver, options);
      throwIfCancelled(options.signal, "the container");
      // Read once more after the end is known: nothing is written any more, so that nothing can be missed.
      if (isOver) {
        stream.end();
        return { exitCode: state.ExitCode, isOutOfMemory: state.OOMKilled };
      }
    } catch (error) {
      throwLasting(error, performance.now() - lastContact, options);
    }
    await sleep(pause, options.signal);
  }
}

/** Passes over what a restart of the engine mends by itself. */
function throwLasting(error: unknown, silentMs: number, { signal, patienceMs }: FollowOptions): void {
  if (signal?.aborted) throw cancelled("the container");
  const status = statusOf(error);
  if (status === 404 || status === 409) {
    throw new LabError("step-failed", "somebody removed the container in the middle of the step", {
      hint: "run it again",
      cause: error,
    });
  }
  const passes = isUnreachable(error) || (status ?? 0) >= 500;
  if (!passes) throw engineFailure(error, "following the container");
  if (silentMs < patienceMs) return;
  throw new EngineGone("step-failed", `the Docker Engine has not answered for ${Math.round(silentMs / 1000)} s`, {
    hint: "start it, then run the same command: a container that is still there is found again",
    cause: error,
  });
}

/**
 * One stream of the log: until it ends, the container ends, or the engine stops answering (then it rejects).
 * @param isOver the container has ended, and the stream ends with its log.
 */
async function readLog(
  container: DockerContainer,
  reader: LogReader,
  isOver: boolean,
  { signal, heartbeatMs }: FollowOptions,
): Promise<void> {
  const done = new AbortController();
  const stop = (): void => done.abort();
  let heartbeat: NodeJS.Timeout | undefined;
  try {
    const since = reader.since();
    reader.restart();
    const log = await within(
      ANSWER_MS,
      container.logs({
        ...({ follow: true, stdout: true, stderr: true, timestamps: true } as const),
        abortSignal: done.signal,
        ...(since === undefined ? {} : { since }),
      }),
    );
    signal?.addEventListener("abort", stop, { once: true });
    await new Promise<void>((resolve, reject) => {
      log.on("data", (chunk: Buffer) => reader.write(chunk));
      log.on("end", resolve);
      log.on("error", reject);
      // A stream that was cut is not an end, whatever order its events come in.
      log.on("close", () => (log.complete ? resolve() : reject(new Error("the log was cut off"))));
      done.signal.addEventListener("abort", () => resolve());
      heartbeat = setInterval(() => {
        within(ANSWER_MS, container.inspect()).then(({ State }) => {
          if (!isOver && !State.Running) resolve();
        }, reject);
      }, heartbeatMs);
      // The quick way to hear of the end. It never settles if the engine dies, which the heartbeat notices.
      if (!isOver)
        container.wait({ abortSignal: done.signal }).then(
          () => resolve(),
          () => {},
        );
      if (signal?.aborted) resolve();
    });
  } finally {
    clearInterval(heartbeat);
    signal?.removeEventListener("abort", stop);
    done.abort();
  }
}

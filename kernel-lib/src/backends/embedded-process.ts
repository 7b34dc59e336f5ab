import { type ChildProcess, fork } from "node:child_process";
import { createRequire } from "node:module";
import type { Socket } from "node:net";
import { fileURLToPath, pathToFileURL } from "node:url";
import { cancelled, LabError } from "../core/index.js";
import type { Job } from "./backend.js";
import type { FromWorker, ToWorker } from "./embedded-protocol.js";
import { fromFailure } from "./failure.js";

/** A worker process, warm between steps. */
export interface Worker {
  /** False once the process has ended. */
  readonly alive: boolean;
  /** Runs one step; one at a time. */
  run(job: Job): Promise<void>;
  /** Ends the process: politely, then (after the grace) for good. */
  stop(): Promise<void>;
}

const fromSource = import.meta.url.endsWith(".ts");
const entry = fileURLToPath(new URL(fromSource ? "embedded-worker.ts" : "embedded-worker.js", import.meta.url));
/**
 * Options of Node for processes that run steps. Every run of a session leaves megabytes of numbers outside of V8's heap; beside a heap of ten
 * megabytes V8 takes that for pressure, and collects garbage every few steps, on threads of its own: a fifth of a worker's processor time.
 */
export const WORKER_OPTIONS = ["--initial-old-space-size=64", "--single-threaded-gc"] as const;

/** Characters of a worker's stdout and stderr that are kept for the message of a crash. */
const TAIL = 4000;

const tsx = (): string => pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;

/**
 * Starts a worker.
 * @param engineModule another module to run steps with, as a file URL; for tests.
 * @param graceMs how long it may take to stop when asked, before it is killed.
 */
export function startWorker(engineModule: string | undefined, graceMs: number): Worker {
  const child = fork(entry, engineModule === undefined ? [] : [engineModule], {
    // Sources need the loader that compiles them; nothing else of this process's own options may leak in.
    execArgv: [...WORKER_OPTIONS, ...(fromSource ? ["--import", tsx()] : [])],
    // One thread each: independent steps side by side beat one step on all cores.
    env: { ...process.env, OMP_NUM_THREADS: "1" },
    silent: true,
  });
  let alive = true;
  let tail = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      tail = (tail + text).slice(-TAIL);
    });
  }
  const ended = new Promise<LabError>((resolve) => {
    child.on("error", (error) => resolve(new LabError("step-failed", `a worker cannot start: ${error.message}`)));
    child.on("exit", (code, signal) => {
      alive = false;
      // The last words may still be in the pipe.
      const timer = setTimeout(() => resolve(crash(code, signal, tail)), 500);
      child.on("close", () => {
        clearTimeout(timer);
        resolve(crash(code, signal, tail));
      });
    });
  });
  keepAwake(child, false);
  return {
    get alive() {
      return alive;
    },
    run: async (job) => {
      tail = "";
      keepAwake(child, true);
      try {
        await exchange(child, job, ended, graceMs);
      } finally {
        keepAwake(child, false);
      }
    },
    stop: async () => {
      if (!alive) return;
      keepAwake(child, true);
      if (child.connected) child.disconnect();
      const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** Sends the step and waits for its end, the worker's end, or (after a cancellation) the end of patience. */
async function exchange(child: ChildProcess, job: Job, ended: Promise<LabError>, graceMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const send = (message: ToWorker): void => {
    // A failed send means that the worker has ended, which `ended` reports better.
    if (child.connected) child.send(message, () => {});
  };
  const onAbort = (): void => {
    send({ type: "cancel" });
    timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
  };
  let onMessage = (_: FromWorker): void => {};
  try {
    await new Promise<void>((resolve, reject) => {
      onMessage = (message) => {
        if (message.type === "event") job.emit(message.event);
        else if (message.type === "done") resolve();
        else reject(fromFailure(message.failure));
      };
      child.on("message", onMessage);
      void ended.then(reject);
      job.signal?.addEventListener("abort", onAbort, { once: true });
      send({ type: "run", step: job.step, directory: job.directory });
      if (job.signal?.aborted) onAbort();
    });
  } catch (error) {
    throw job.signal?.aborted ? cancelled(job.step.verb) : error;
  } finally {
    clearTimeout(timer);
    child.off("message", onMessage);
    job.signal?.removeEventListener("abort", onAbort);
  }
}

function crash(code: number | null, signal: NodeJS.Signals | null, tail: string): LabError {
  const how = signal === null ? `ended with exit code ${code}` : `was killed by ${signal}`;
  const words = tail.trim() === "" ? "" : `; its last words:\n${tail.trim()}`;
  const hint =
    signal === "SIGKILL"
      ? "the system kills processes when memory runs out: try fewer workers (ILR_WORKERS=1) or a smaller batch"
      : "run it again; if it happens again, it is a bug of ours";
  return new LabError("step-failed", `the worker ${how} in the middle of the step${words}`, { hint });
}

/** Whether a worker keeps this process running: a busy one does, an idle one does not. */
function keepAwake(child: ChildProcess, awake: boolean): void {
  const handles = [child, child.channel, child.stdout as Socket | null, child.stderr as Socket | null];
  for (const handle of handles) {
    if (awake) handle?.ref();
    else handle?.unref();
  }
}

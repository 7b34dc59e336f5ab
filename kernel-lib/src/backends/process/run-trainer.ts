import { cancelled, LabError } from "../../core/index.js";
import type { Job } from "../backend.js";
import { type Ending, failureOf } from "../contract/ending.js";
import { eventStream } from "../contract/event-stream.js";
import { assertOutputs } from "../outputs.js";
import { type ProcessGroup, startGroup } from "./group.js";

export interface TrainerProcess {
  readonly command: readonly [string, ...string[]];
  readonly env: NodeJS.ProcessEnv;
  /** Texts that must not appear in events and errors. */
  readonly secrets: readonly string[];
  /** Milliseconds between SIGTERM and SIGKILL. */
  readonly graceMs: number;
}

/** How long the pipes may stay open after the trainer has ended, in ms: something it started may hold them. */
const LAST_WORDS = 1000;

/** Runs one step in a process group of its own. @throws LabError as `Backend.run` does. */
export async function runTrainer(trainer: TrainerProcess, job: Job): Promise<void> {
  const { step, directory, signal } = job;
  if (signal?.aborted) throw cancelled(step.verb);
  const stream = eventStream({ emit: job.emit, secrets: trainer.secrets });
  const group = startGroup([...trainer.command, "run", directory], trainer.env);
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    group.signal("SIGTERM");
    timer = setTimeout(() => group.signal("SIGKILL"), trainer.graceMs);
  };
  signal?.addEventListener("abort", stop, { once: true });
  try {
    const ending = await endOf(group, (chunk, source) => stream.write(chunk, source));
    stream.end();
    if (signal?.aborted) throw cancelled(step.verb);
    const failure = failureOf(step.verb, ending, stream);
    if (failure) throw failure;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
    group.sweep();
  }
  await assertOutputs(step, directory);
}

type Take = (chunk: Buffer, source: "stdout" | "stderr") => void;

/** Waits for the trainer's end and, for a moment, for its last words. */
async function endOf({ child, sweep }: ProcessGroup, take: Take): Promise<Ending> {
  child.stdout?.on("data", (chunk: Buffer) => take(chunk, "stdout"));
  child.stderr?.on("data", (chunk: Buffer) => take(chunk, "stderr"));
  return new Promise<Ending>((resolve, reject) => {
    child.on("error", (cause) => reject(startFailure(child.spawnfile, cause)));
    child.on("exit", (code, signal) => {
      const ending: Ending = { exitCode: code ?? undefined, signal: signal ?? undefined };
      // What the trainer left behind would keep the pipes open.
      sweep();
      const timer = setTimeout(() => resolve(ending), LAST_WORDS);
      for (const pipe of [child.stdout, child.stderr]) pipe?.on("data", () => timer.refresh());
      child.on("close", () => {
        clearTimeout(timer);
        resolve(ending);
      });
    });
  });
}

function startFailure(program: string, cause: Error): LabError {
  return new LabError("unsupported", `the trainer ${JSON.stringify(program)} cannot be started: ${cause.message}`, {
    hint: "`ilr backend check` says what is missing",
    cause,
  });
}

import { sleep, throwIfCancelled } from "../../core/index.js";
import { type EventStream, eventStream } from "../contract/event-stream.js";
import { attemptFolder, latestStart, type Outcome, readOutcome, revoke } from "./attempt.js";
import { type LogFiles, logFiles } from "./log-files.js";
import type { Pace } from "./pace.js";
import { isOver, type JobState } from "./queue.js";
import { type Following, openWatch, type Sight } from "./watch.js";

/** How an attempt ended. At least one of both is known, unless the job is lost. */
export interface End {
  readonly outcome: Outcome | undefined;
  /** What Slurm says; undefined if it has forgotten the job, or is away. */
  readonly state: JobState | undefined;
  /** What the trainer said in its latest start. */
  readonly stream: EventStream;
}

/** What an attempt's files say now. */
interface Seen {
  readonly outcome: Outcome | undefined;
  /** Everything that the trainer wrote has been read, as far as the outcome tells. */
  readonly isComplete: boolean;
}

/** Reads an attempt's output from its beginning, across restarts of the job, and each line once. */
function openReader({ job, secrets }: Following, folder: string): { look(): Promise<Seen>; end(): EventStream } {
  const fresh = (): EventStream => eventStream({ emit: job.emit, secrets });
  let [stream, start, log] = [fresh(), undefined as string | undefined, undefined as LogFiles | undefined];
  const look = async (): Promise<Seen> => {
    const latest = await latestStart(folder);
    if (latest !== undefined && latest !== start) {
      // The same job once more: what its first start said counts no more.
      if (start !== undefined) stream = fresh();
      [start, log] = [latest, logFiles(latest, stream)];
    }
    const taken = (await log?.read()) ?? { stdout: 0, stderr: 0 };
    const outcome = start === undefined ? undefined : await readOutcome(start);
    const isComplete = outcome === undefined || (taken.stdout >= outcome.stdout && taken.stderr >= outcome.stderr);
    return { outcome, isComplete };
  };
  return {
    look,
    end: () => {
      stream.end();
      return stream;
    },
  };
}

/**
 * Follows a job to its end: its output and outcome by files, its state by squeue, then by the accounts. A job that nobody knows any more is
 * neither a success nor a failure: its files decide, or it is lost, which is an end without state and outcome.
 *
 * @throws LabError `cancelled`; `unsupported` if it can never start; `step-failed` (SlurmGone) if the controller stays away.
 */
export async function followAttempt(following: Following): Promise<End> {
  const { job, attempt, pace } = following;
  const folder = attemptFolder(job.directory, attempt);
  const [reader, watch] = [openReader(following, folder), openWatch(following, folder)];
  let endedAt: number | undefined;
  for (;;) {
    throwIfCancelled(job.signal, job.step.verb);
    const seen = await reader.look();
    // One that was stopped may be about to start again: only Slurm knows.
    const sight = await watch.look(seen.outcome?.stopped === false);
    const isEnded = hasEnded(sight);
    endedAt = isEnded || seen.outcome ? (endedAt ?? performance.now()) : undefined;
    const waited = endedAt === undefined ? 0 : performance.now() - endedAt;
    if (isSettled(seen, sight, waited, pace) || (isEnded && !seen.outcome && (await revoke(folder)))) {
      const { outcome } = await reader.look();
      return { outcome, state: isEnded ? sight.state : undefined, stream: reader.end() };
    }
    await sleep(seen.outcome === undefined ? pace.tickMs : Math.min(pace.tickMs, 200), job.signal);
  }
}

const hasEnded = ({ state, isLost }: Sight): boolean => isLost || (state !== undefined && isOver(state));

/** Whether nothing more is to come: Slurm may know more than the outcome does, such as that memory ran out; and files come late. */
function isSettled({ outcome, isComplete }: Seen, sight: Sight, waitedMs: number, { graceMs, pollMs }: Pace): boolean {
  const isEnded = hasEnded(sight);
  if (outcome === undefined) return isEnded && waitedMs >= graceMs;
  if (!isEnded && outcome.stopped) return false;
  if (isEnded || sight.isSilent) return isComplete || waitedMs >= graceMs;
  // Slurm has not noticed the end; it need not.
  return waitedMs >= Math.max(graceMs, 4 * pollMs);
}

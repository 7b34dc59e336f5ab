import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { LabError } from "../../core/index.js";
import { failureOf } from "../contract/ending.js";
import { type Attempt, attemptFolder, claimOf } from "./attempt.js";
import type { End } from "./follow.js";
import { exitCodeOf } from "./queue.js";
import { impossibility } from "./reasons.js";
import { EXIT } from "./script.js";
import { seconds } from "./time-limit.js";

/** What the end of a job means for its step. */
export type Verdict =
  | { readonly is: "done" }
  /** It was not the step's fault: another job may do better. */
  | { readonly is: "again"; readonly why: string }
  | { readonly is: "failed"; readonly error: LabError };

const LOST: Readonly<Record<string, string>> = {
  NODE_FAIL: "lost its node",
  BOOT_FAIL: "lost its node, which did not start",
  PREEMPTED: "was preempted",
  REVOKED: "was moved away by another cluster",
  REQUEUED: "was put back and forgotten",
};

const again = (why: string): Verdict => ({ is: "again", why });
const failed = (error: LabError): Verdict => ({ is: "failed", error });
const failedWith = (message: string, hint: string): Verdict => failed(new LabError("step-failed", message, { hint }));

interface Ended {
  readonly verb: string;
  readonly directory: string;
  readonly attempt: Attempt;
  readonly end: End;
}

/** Reads an end: what the trainer said and how it ended, if Slurm does not know better. */
export async function verdictOf(ended: Ended): Promise<Verdict> {
  const { verb, attempt, end } = ended;
  const { outcome, state, stream } = end;
  const job = `${verb}: job ${attempt.id ?? attempt.name}`;
  const log = await slurmLog(ended);
  if (
    state?.state === "OUT_OF_MEMORY" ||
    (outcome?.exitCode !== 0 && /oom.?kill|exceed\w* (job )?memory limit/i.test(log))
  ) {
    const words = stream.tail === "" ? "" : `; its last words:\n${stream.tail}`;
    return failedWith(
      `${job} ran out of memory${attempt.memory ? ` (it had ${attempt.memory})` : ""}${words}`,
      'raise "memory" in the site profile, or use a smaller batch',
    );
  }
  if (outcome?.exitCode === 0) {
    const failure = failureOf(verb, { exitCode: 0 }, stream);
    return failure ? failed(failure) : { is: "done" };
  }
  const lost = LOST[state?.state ?? ""];
  if (lost !== undefined) return again(`${lost}${state?.node ? ` (${state.node})` : ""}`);
  if (state?.state === "TIMEOUT" || state?.state === "DEADLINE" || ranOutOfTime(attempt, end)) {
    return failedWith(
      `${job} reached its time limit${attempt.time ? ` of ${attempt.time}` : ""}`,
      'raise "time" in the site profile, for all steps or under "verbs"',
    );
  }
  if (outcome === undefined) return verdictWithoutOutcome(ended, job, log);
  if (state?.state === "CANCELLED") return cancelledVerdict(ended, job);
  return verdictOfOutcome(ended);
}

/**
 * Cancelled by somebody; or by Slurm itself. A controller that was killed before it had written down a start believes that the job never
 * ran, and ends it; and one that gives a number again has its new job refused by nodes that knew the old one.
 */
async function cancelledVerdict({ directory, attempt, end }: Omit<Ended, "verb">, job: string): Promise<Verdict> {
  const claim = await claimOf(attemptFolder(directory, attempt));
  const hasRun = claim !== undefined && claim !== "revoked";
  const hadNode = (end.state?.node ?? "") !== "";
  if (hasRun !== hadNode) return again("was ended by a controller that had lost its memory");
  return failedWith(`${job} was cancelled from outside`, "run it again");
}

/** The trainer failed, and nothing else is known to have. */
function verdictOfOutcome({ verb, end: { outcome, stream, state } }: Ended): Verdict {
  // Slurm has forgotten why; a limit of time would have been seen.
  if (outcome!.stopped && state === undefined) return again("was stopped, and Slurm no longer knows why");
  return failed(failureOf(verb, { exitCode: outcome!.exitCode }, stream)!);
}

async function verdictWithoutOutcome({ directory, attempt, end }: Ended, job: string, log: string): Promise<Verdict> {
  const { state, stream } = end;
  if (state === undefined) return again("is unknown to Slurm and shows no sign of life");
  const hopeless = impossibility(state.reason);
  if (hopeless)
    return failed(
      new LabError("unsupported", `${job} cannot be started: ${hopeless.message}`, { hint: hopeless.hint }),
    );
  const code = attempt.id === undefined ? undefined : await exitCodeOf(attempt.id);
  // 0:53 is Slurm's own word for a file or a folder that the node could not open.
  if (code === "0:53" || code === `${EXIT.noFolder}:0`) {
    return failed(
      new LabError(
        "unsupported",
        `${job}: the node ${state.node} cannot use the step's folder ${attemptFolder(directory, attempt)}`,
        {
          hint: "the store must lie on a file system that nodes see under the same path: set ILR_STORE to a folder there",
        },
      ),
    );
  }
  if (state.state === "CANCELLED") return cancelledVerdict({ directory, attempt, end }, job);
  if (code === `${EXIT.notMine}:0`) return again("found its step taken");
  if (state.reason === "JobLaunchFailure") return again(`could not be started on ${state.node}`);
  const words = [stream.tail, log].filter((text) => text !== "").join("\n");
  return failedWith(
    `${job} ended as ${state.state} (${code ?? "exit code unknown"}) without a word of its script${words === "" ? "" : `; last words:\n${words}`}`,
    "was it killed on its node, or is the disk of the store full? run it again",
  );
}

/** Stopped with its time used up: told from the outcome where Slurm has forgotten it. */
function ranOutOfTime({ time }: Attempt, { outcome }: End): boolean {
  const limit = time === undefined ? undefined : seconds(time);
  return outcome?.stopped === true && limit !== undefined && outcome.seconds >= limit - 5;
}

/** What Slurm itself wrote beside the job. */
async function slurmLog({ directory, attempt }: Ended): Promise<string> {
  const text = await readFile(join(attemptFolder(directory, attempt), "slurm.log"), "utf8").catch(() => "");
  return text.slice(-4000).trim();
}

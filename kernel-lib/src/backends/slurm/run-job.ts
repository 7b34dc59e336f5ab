import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cancelled, LabError, sleep } from "../../core/index.js";
import { storeFailure } from "../../store/index.js";
import type { Job } from "../backend.js";
import { holdLease } from "../lease.js";
import { assertOutputs } from "../outputs.js";
import { hiddenTexts } from "../secrets.js";
import {
  type Attempt,
  adoptOutputs,
  attemptFolder,
  noteAttempt,
  readJobFile,
  removeJobFile,
  revoke,
} from "./attempt.js";
import { slurm } from "./commands.js";
import { followAttempt } from "./follow.js";
import { type Cluster, newAttempt } from "./new-attempt.js";
import { isJobOf, isOver } from "./queue.js";
import { unlinkTask } from "./submit.js";
import { verdictOf } from "./verdict.js";
import { SlurmGone } from "./watch.js";

/** Left in a step's folder: its outputs are complete. */
export const OUTCOME = "outcome.json";

/** How long a cancelled job gets to be gone, in ms: Slurm's own KillWait is half a minute. */
const FAREWELL_MS = 60_000;

/** Runs a step to its end: by the job that is there, or by new ones until one has ended by itself. */
export async function runJob(cluster: Cluster, job: Job): Promise<void> {
  const { step, directory, signal } = job;
  if (await isThere(join(directory, OUTCOME))) return;
  if (signal?.aborted && !(await readJobFile(directory))) throw cancelled(step.verb);
  const letGo = await holdLease(directory);
  try {
    await runAttempts(cluster, job);
    await assertOutputs(step, directory);
    await writeFile(join(directory, OUTCOME), '{"exitCode":0}\n').catch((error: unknown) => {
      throw storeFailure(error, "noting the end of the step");
    });
  } catch (error) {
    await tidyUp(cluster, job, error);
    throw signal?.aborted ? cancelled(step.verb) : error;
  } finally {
    letGo();
  }
}

async function runAttempts(cluster: Cluster, job: Job): Promise<void> {
  const { step, directory } = job;
  for (;;) {
    const attempt = await currentAttempt(cluster, job);
    const secrets = hiddenTexts();
    const found = async (id: string): Promise<void> => noteAttempt(job, { ...attempt, id });
    const { queue, pace } = cluster;
    const end = await followAttempt({ job, attempt, queue, pace, secrets, found });
    const settled = (await readJobFile(directory))?.attempts.at(-1) ?? attempt;
    const verdict = await verdictOf({ verb: step.verb, directory, attempt: settled, end });
    await unlinkTask(attemptFolder(directory, attempt), attempt.name, attempt.task);
    if (verdict.is === "again") {
      await loseAttempt(cluster, job, settled, verdict.why);
      continue;
    }
    await adoptOutputs(directory, attempt);
    if (verdict.is === "failed") throw verdict.error;
    return;
  }
}

/** The job that was submitted for the step, by whomever; or a new one. */
async function currentAttempt(cluster: Cluster, job: Job): Promise<Attempt> {
  const last = (await readJobFile(job.directory))?.attempts.at(-1);
  if (last !== undefined && last.lost === undefined) return last;
  return newAttempt(cluster, job);
}

/** Writes down that an attempt counts no more. @throws LabError `step-failed` when there were enough. */
async function loseAttempt({ site, pace }: Cluster, job: Job, attempt: Attempt, why: string): Promise<void> {
  // It may not be as dead as it seems: then it goes on for nobody, in a folder of its own.
  await revoke(attemptFolder(job.directory, attempt));
  await noteAttempt(job, { ...attempt, lost: why });
  const lost = (await readJobFile(job.directory))!.attempts.length;
  const name = attempt.id ?? attempt.name;
  if (lost > site.resubmissions) {
    throw new LabError("step-failed", `${job.step.verb}: job ${name} ${why}; ${lost} jobs in all were lost`, {
      hint: 'look at the nodes (`sinfo -R`), or raise "resubmissions" in the site profile; then run it again',
    });
  }
  job.emit({ type: "note", text: `job ${name} ${why}; submitted again (${lost} of ${site.resubmissions})` });
  // A node that cannot start jobs should not be asked again at once.
  await sleep(Math.min(30_000, pace.tickMs * 2 ** lost), job.signal);
}

/** After a failure or a cancellation: the job goes, unless somebody else has it now, or nobody knows whether it is there. */
async function tidyUp(cluster: Cluster, { directory, signal, lost }: Job, error: unknown): Promise<void> {
  if (lost?.aborted || error instanceof SlurmGone) return;
  const isStoreTrouble =
    error instanceof LabError && (error.code === "store-full" || error.code === "store-unwritable");
  const attempt = (await readJobFile(directory))?.attempts.at(-1);
  // Its outputs are kept for the next run, which only has to store them.
  if (isStoreTrouble && !signal?.aborted) return;
  if (attempt !== undefined) {
    await endAttempt(cluster, directory, attempt).catch(() => {});
    if (signal?.aborted) await adoptOutputs(directory, attempt).catch(() => {});
    await unlinkTask(attemptFolder(directory, attempt), attempt.name, attempt.task);
  }
  await removeJobFile(directory);
}

/** Sees to it that an attempt neither runs nor starts. */
async function endAttempt({ queue }: Cluster, directory: string, attempt: Attempt): Promise<void> {
  const neverStarts = await revoke(attemptFolder(directory, attempt));
  await slurm("scancel", [`--name=${attempt.name}`, ...(attempt.id === undefined ? [] : [attempt.id])]);
  if (neverStarts) return;
  const begun = performance.now();
  while (performance.now() - begun < FAREWELL_MS) {
    const { jobs } = await queue.look(performance.now() - 200);
    const found = jobs.find((entry) => isJobOf(entry, attempt));
    if (found === undefined || (isOver(found) && found.state !== "COMPLETING")) return;
    await sleep(200);
  }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

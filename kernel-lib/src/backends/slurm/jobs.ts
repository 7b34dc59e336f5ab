import { readdir, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { type Owner, ownerOf } from "../lease.js";
import { attemptFolder, readJobFile, revoke } from "./attempt.js";
import { SlurmRefusal, SlurmSilent, slurm } from "./commands.js";
import { isJobOf, listJobs } from "./queue.js";

/** A step with a job, waiting, running or ended, of one store. */
export interface StepJob {
  readonly key: string;
  readonly verb: string;
  /** As scancel takes it; undefined where sbatch has not answered yet. */
  readonly id: string | undefined;
  /** Slurm's word, such as PENDING; `unknown` if it has forgotten the job, `away` if the controller does not answer. */
  readonly state: string;
  /** Why it waits, or the node that it runs on. */
  readonly detail: string;
  /** Milliseconds since the epoch. */
  readonly submittedAt: number;
  /** Jobs that were lost before this one. */
  readonly lost: number;
  readonly folder: string;
  readonly owner: Owner;
}

/** The jobs that a store's steps have, by its files; what Slurm says of them is added. @throws LabError `unsupported`. */
export async function listStepJobs(store: string): Promise<readonly StepJob[]> {
  const folders = (await readdir(join(store, "detached")).catch(() => [])).map((key) => join(store, "detached", key));
  const files = await Promise.all(folders.map(async (folder) => ({ folder, file: await readJobFile(folder) })));
  const known = files.flatMap(({ folder, file }) => (file === undefined ? [] : [{ folder, file }]));
  if (known.length === 0) return [];
  const queue = await listJobs().catch((error: unknown) => {
    if (error instanceof SlurmSilent) return undefined;
    throw error;
  });
  return Promise.all(
    known.map(async ({ folder, file }) => {
      const current = file.attempts.at(-1);
      const found = current && queue?.find((entry) => isJobOf(entry, current));
      return {
        ...{ key: file.key, verb: file.verb, folder, owner: await ownerOf(folder) },
        id: current?.id ?? found?.id,
        state: found?.state ?? (queue === undefined ? "away" : "unknown"),
        detail: found === undefined ? "" : found.node || found.reason,
        submittedAt: current?.submittedAt ?? 0,
        lost: file.attempts.filter(({ lost }) => lost !== undefined).length,
      };
    }),
  );
}

/** Cancels jobs and removes their folders; what they computed is lost. */
export async function stopJobs(jobs: readonly StepJob[]): Promise<void> {
  for (const { folder, id } of jobs) {
    const attempt = (await readJobFile(folder))?.attempts.at(-1);
    // Also where Slurm has not said its name yet: it will find nothing to do.
    if (attempt) await revoke(attemptFolder(folder, attempt)).catch(() => {});
    if (attempt) await cancel(attempt.name, id);
    if (/^[0-9a-f]{64}$/.test(basename(folder))) await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function cancel(name: string, id: string | undefined): Promise<void> {
  await slurm("scancel", [`--name=${name}`, ...(id === undefined ? [] : [id])]).catch((error: unknown) => {
    // It has ended, and is forgotten.
    if (!(error instanceof SlurmRefusal)) throw error;
  });
}

export interface ReapJobsOptions {
  readonly store: string;
  /** How long a job without owner is kept for somebody to come back, in ms. */
  readonly afterMs: number;
  readonly isRecorded: (key: string) => Promise<boolean>;
  readonly dryRun?: boolean;
  readonly clock?: () => number;
}

/**
 * Ends the jobs that nobody will ask for: their owner is gone, and their step is recorded, or nobody has come back for a while.
 * Without an answer from the controller, none are.
 */
export async function reapJobs(
  options: ReapJobsOptions,
): Promise<readonly { readonly key: string; readonly what: "job"; readonly reason: string }[]> {
  const { store, afterMs, isRecorded, dryRun = false, clock = Date.now } = options;
  const reaped: { readonly key: string; readonly what: "job"; readonly reason: string }[] = [];
  for (const job of await listStepJobs(store)) {
    if (job.owner.isAlive || job.state === "away") continue;
    const since = job.owner.lastSeen ?? (await stat(job.folder).catch(() => undefined))?.mtimeMs ?? 0;
    const recorded = await isRecorded(job.key);
    // A job may wait for days by itself; the time counts from when it has ended, as far as anybody can tell.
    const waits = job.state === "PENDING" || job.state === "RUNNING";
    if (!recorded && (waits || clock() - since < afterMs)) continue;
    if (!dryRun) await stopJobs([job]);
    reaped.push({ key: job.key, what: "job", reason: recorded ? "its step is recorded" : "nobody collected it" });
  }
  return reaped;
}

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sleep } from "../../core/index.js";
import { storeFailure } from "../../store/index.js";
import type { Job, StepNeeds } from "../backend.js";
import { hubCache, namesHubModel } from "../hub-model.js";
import { secretsOf } from "../secrets.js";
import { type Attempt, attemptFolder, newToken, noteAttempt } from "./attempt.js";
import { SlurmRefusal, SlurmSilent } from "./commands.js";
import type { Pace } from "./pace.js";
import type { Queue } from "./queue.js";
import { refusal } from "./refusal.js";
import { needsOf, sbatchOptions } from "./request.js";
import { jobScript } from "./script.js";
import type { Needs, Site } from "./site.js";
import type { Submission, Submitter } from "./submit.js";

/** What all jobs of a backend have in common. */
export interface Cluster {
  readonly site: Site;
  readonly command: readonly string[];
  readonly queue: Queue;
  readonly submitter: Submitter;
  readonly pace: Pace;
  readonly beatSeconds: number;
  readonly needsHub?: ((job: Job) => boolean) | undefined;
  planned(job: Job): StepNeeds | undefined;
}

/**
 * Submits a job for a step. Where nobody knows whether Slurm has taken it, the attempt has no id: following it finds out.
 * @throws LabError `unsupported` with what Slurm refuses; `cancelled`; `store-*`.
 */
export async function newAttempt(cluster: Cluster, job: Job): Promise<Attempt> {
  const needs = needsOf(cluster.site, job.step.verb, cluster.planned(job));
  const { time, memory } = needs;
  let attempt: Attempt = {
    token: newToken(),
    name: "",
    submittedAt: Date.now(),
    ...(time && { time }),
    ...(memory && { memory }),
  };
  const folder = attemptFolder(job.directory, attempt);
  await prepareAttempt(folder, { ...cluster.site.resources, ...(needs.gpus ? { gpus: needs.gpus } : {}) });
  const update = async (news: Partial<Attempt>): Promise<void> => {
    attempt = { ...attempt, ...news };
    await noteAttempt(job, attempt);
  };
  const named = async (name: string, task: number | undefined): Promise<void> =>
    update({ name, ...(task === undefined ? {} : { task }) });
  for (let tries = 0; ; tries++) {
    try {
      const id = await cluster.submitter.submit({ ...submissionOf(cluster, job, needs), folder, named });
      await update({ id });
      return attempt;
    } catch (error) {
      if (error instanceof SlurmSilent) return attempt;
      if (!(error instanceof SlurmRefusal)) throw error;
      const problem = refusal(error.message);
      if (problem !== undefined) throw problem;
      // So many jobs of this user are too many: some will end.
      if (tries === 0) job.emit({ type: "note", text: `Slurm takes no more jobs for now: ${lastLine(error.message)}` });
      await sleep(cluster.pace.pollMs, job.signal);
    }
  }
}

function lastLine(text: string): string {
  return text.split("\n").at(-1)!;
}

function submissionOf(
  { site, command, beatSeconds, needsHub = namesHubModel }: Cluster,
  job: Job,
  needs: Needs,
): Omit<Submission, "folder" | "named"> {
  const { step, key, directory } = job;
  const isForHub = needsHub(job);
  const about = { title: `ilr-lab ${step.verb}`, command, site, beatSeconds, gpus: needs.gpus ?? 0 };
  return {
    options: sbatchOptions(site, needs),
    secrets: isForHub ? secretsOf() : {},
    // Of an array the first one's.
    comment: `ilr-lab ${step.verb} ${key.slice(0, 12)} ${directory}`,
    script: (folder, isArray) => jobScript({ ...about, folder, isArray, hubCache: isForHub ? hubCache() : undefined }),
  };
}

async function prepareAttempt(folder: string, resources: object): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    if (Object.keys(resources).length > 0) await writeFile(join(folder, "resources.json"), JSON.stringify(resources));
  } catch (error) {
    throw storeFailure(error, "preparing the job's folder");
  }
}

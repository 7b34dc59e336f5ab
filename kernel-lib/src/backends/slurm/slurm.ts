import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { LabError, limitOf } from "../../core/index.js";
import type { Verb } from "../../steps/index.js";
import type { Backend, Job, StepNeeds } from "../backend.js";
import { workerCount } from "../workers.js";
import { readJobFile } from "./attempt.js";
import { SlurmRefusal, SlurmSilent, slurm } from "./commands.js";
import { siteTrainer } from "./identity.js";
import type { Cluster } from "./new-attempt.js";
import { PACE, type Pace } from "./pace.js";
import { openQueue } from "./queue.js";
import { OUTCOME, runJob } from "./run-job.js";
import { parseSite, readSite, type Site, type SiteInput } from "./site.js";
import { openSubmitter } from "./submit.js";

export interface SlurmOptions {
  /** The site's profile, or the path of its YAML file. Default: the environment's ILR_SITE, or what the cluster does by default. */
  readonly site?: SiteInput | string;
  /** Jobs in flight. Default: the environment's ILR_WORKERS, or the profile's `maxJobs`. */
  readonly workers?: number;
  /** Steps that may reach the network; they alone get HF_TOKEN. Default: those that name a model of the Hub. */
  readonly needsHub?: (job: Job) => boolean;
  /** How long things may take, in ms. */
  readonly pace?: Partial<Pace>;
  /** Seconds between two signs of life of a running job. Default: 20. */
  readonly beatSeconds?: number;
}

/**
 * Runs each step as a job of a Slurm cluster. The store, on a file system that nodes see under the same path, is the only meeting point.
 * Jobs outlive this process: whoever runs the same step next finds its job, and nothing runs twice.
 *
 * @throws LabError `unsupported` without Slurm, or if the trainer does not answer `check`; `config-invalid`; `input-missing`.
 * @example
 * const backend = await slurmBackend({ site: "site.yaml" });
 */
export async function slurmBackend(options: SlurmOptions = {}): Promise<Backend> {
  const site = await siteOf(options.site);
  const concurrency = workerCount(options.workers, site.maxJobs);
  const [version, trainer] = await Promise.all([slurmVersion(), siteTrainer(site)]);
  const pace = { ...PACE, ...options.pace };
  const limit = limitOf(concurrency);
  const closing = new AbortController();
  const running = new Set<Promise<void>>();
  let expected: Readonly<Partial<Record<Verb, StepNeeds>>> = {};
  const cluster: Cluster = {
    ...{ site, pace, command: trainer.command, needsHub: options.needsHub, beatSeconds: options.beatSeconds ?? 20 },
    queue: openQueue(pace.pollMs),
    submitter: openSubmitter(site.arrays),
    planned: ({ step }) => expected[step.verb],
  };
  return {
    name: "slurm",
    concurrency,
    protectsInputs: site.trainer.kind !== "plain",
    versions: { slurm: version, ...trainer.versions },
    identity: () => trainer.identity,
    detached: { state: stateOf },
    // A plan is only made where somebody wants to know.
    ...((site.planned.time !== undefined || site.planned.gpus) && {
      expect: (needs: typeof expected): void => {
        expected = needs;
      },
    }),
    run: (job) =>
      limit(() => {
        if (closing.signal.aborted) throw new LabError("internal", "the slurm backend is closed");
        const signals = job.signal ? [job.signal, closing.signal] : [closing.signal];
        const directory = resolve(job.directory);
        const promise = runJob(cluster, { ...job, directory, signal: AbortSignal.any(signals) });
        running.add(promise);
        return promise.finally(() => running.delete(promise));
      }, job.signal),
    close: async () => {
      closing.abort();
      await Promise.allSettled(running);
    },
  };
}

/** The profile that is meant. @throws LabError `config-invalid`, `input-missing`. */
export async function siteOf(
  site: SiteInput | string | undefined,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Site> {
  const chosen = site ?? (env.ILR_SITE || undefined);
  return typeof chosen === "string" ? readSite(resolve(chosen)) : parseSite(chosen);
}

/** The controller's version. @throws LabError `unsupported` if none answers. */
export async function slurmVersion(): Promise<string> {
  try {
    return /SLURM_VERSION\s*=\s*(\S+)/.exec(await slurm("scontrol", ["show", "config"]))?.[1] ?? "unknown";
  } catch (error) {
    if (!(error instanceof SlurmSilent) && !(error instanceof SlurmRefusal)) throw error;
    throw new LabError("unsupported", `Slurm's controller does not answer: ${error.message}`, {
      hint: "`scontrol ping` says whether it is there; SLURM_CONF names another configuration",
      cause: error,
    });
  }
}

/** Whether a cluster's controller answers here. */
export async function isSlurmHere(): Promise<boolean> {
  return slurmVersion().then(
    () => true,
    () => false,
  );
}

/** By files alone: what was submitted is written down before Slurm is asked. */
async function stateOf(directory: string): Promise<"none" | "there" | "done"> {
  const isDone = await stat(join(directory, OUTCOME)).catch(() => undefined);
  if (isDone) return "done";
  return (await readJobFile(directory)) === undefined ? "none" : "there";
}

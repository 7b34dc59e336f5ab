import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Json, LabError, limitOf } from "../../core/index.js";
import type { Backend, Job } from "../backend.js";
import { namesHubModel } from "../hub-model.js";
import { hiddenTexts, secretsOf, withoutSecrets } from "../secrets.js";
import { workerCount } from "../workers.js";
import { trainerCommand } from "./command.js";
import { runTrainer } from "./run-trainer.js";
import { checkTrainer } from "./trainer-check.js";

export interface ProcessOptions {
  /** The trainer's command, such as `["python", "-m", "ilr_trainer"]`. Default: the environment's ILR_TRAINER, or `ilr-trainer`. */
  readonly command?: readonly string[];
  /** Steps side by side. Default: the environment's ILR_WORKERS, or one: a trainer takes the whole GPU. */
  readonly workers?: number;
  /** How long a cancelled step may take to stop before it is killed. Default: five seconds. */
  readonly graceMs?: number;
  /** Steps that may reach the Hub get the tokens of this environment (HF_TOKEN). Default: those that name a model of the Hub. */
  readonly needsHub?: (job: Job) => boolean;
  /** Written beside the step as `resources.json`: how a trainer may use the machine, without influence on keys. */
  readonly resources?: Readonly<Record<string, Json>>;
}

/**
 * Runs each step in a process of its own, by any program that speaks the trainer contract: `ilr-trainer run <folder>`.
 * A step's processes are one group, which is stopped as a whole and does not outlive this process.
 *
 * @throws LabError `unsupported` if the trainer does not answer `check`; `config-invalid`.
 * @example
 * const backend = await processBackend({ command: ["/opt/venv/bin/python", "-m", "ilr_trainer"] });
 */
export async function processBackend(options: ProcessOptions = {}): Promise<Backend> {
  const concurrency = workerCount(options.workers, 1);
  const command = trainerCommand(options.command);
  const { name, identity, versions } = await checkTrainer(command);
  const limit = limitOf(concurrency);
  const closing = new AbortController();
  const running = new Set<Promise<void>>();

  const run = async (job: Job): Promise<void> => {
    if (closing.signal.aborted) throw new LabError("internal", "the process backend is closed");
    const { resources, needsHub = namesHubModel } = options;
    if (resources) await writeFile(join(job.directory, "resources.json"), JSON.stringify(resources));
    const secrets = secretsOf();
    const plain = withoutSecrets(process.env);
    const signals = job.signal ? [job.signal, closing.signal] : [closing.signal];
    const trainer = {
      command,
      env: needsHub(job) ? { ...plain, ...secrets, HF_HUB_OFFLINE: "0" } : plain,
      secrets: hiddenTexts(),
      graceMs: options.graceMs ?? 5000,
    };
    await runTrainer(trainer, { ...job, signal: AbortSignal.any(signals) });
  };
  return {
    name: "process",
    concurrency,
    versions: { trainer: name, ...versions },
    identity: () => identity,
    run: (job) =>
      limit(() => {
        const promise = run(job).finally(() => running.delete(promise));
        running.add(promise);
        return promise;
      }, job.signal),
    close: async () => {
      closing.abort();
      await Promise.allSettled(running);
    },
  };
}

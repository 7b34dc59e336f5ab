import { access, realpath, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { cancelled, type Json, LabError, limitOf } from "../../core/index.js";
import { storeFailure } from "../../store/index.js";
import type { Backend, Job } from "../backend.js";
import { failureOf } from "../contract/ending.js";
import { eventStream } from "../contract/event-stream.js";
import { hubCache, namesHubModel } from "../hub-model.js";
import { holdLease } from "../lease.js";
import { assertOutputs } from "../outputs.js";
import { hiddenTexts, secretsOf } from "../secrets.js";
import { workerCount } from "../workers.js";
import type { DockerContainer } from "./client.js";
import { containerName, type Limits } from "./container.js";
import { type Engine, openEngine, within } from "./engine.js";
import { EngineGone, type FollowOptions, followContainer } from "./follow.js";
import { findImage, type Image, imageName } from "./image.js";
import { attachOrStart, removeContainer, statusOfContainer } from "./start.js";

export interface DockerOptions extends Limits {
  /** Name, digest or id of the image. Default: the environment's ILR_IMAGE, or what `ilr images build embedded` made. */
  readonly image?: string;
  /** Path of the engine's socket. Default: what DOCKER_HOST says. */
  readonly socket?: string;
  /** Steps side by side. Default: the environment's ILR_WORKERS, or one a core, at most two; one with GPUs. */
  readonly workers?: number;
  /**
   * Steps that may reach the network; they alone get HF_TOKEN, and this machine's cache of the Hub (HF_HOME), which they may fill.
   * Default: those that name a model of the Hub.
   */
  readonly needsHub?: (job: Job) => boolean;
  /** Written beside the step as `resources.json`. Default: the number of GPUs. */
  readonly resources?: Readonly<Record<string, Json>>;
  /** Seconds between SIGTERM and SIGKILL. Default: 5. */
  readonly graceSeconds?: number;
  /** How long the engine may be away in the middle of a step, in ms. Default: ten minutes. */
  readonly patienceMs?: number;
  /** Pause between two looks at a running container, in ms. Default: five seconds. */
  readonly heartbeatMs?: number;
}

/** Left in a job's folder, where no container can write: its outputs are complete. */
const OUTCOME = "outcome.json";

/**
 * Runs each step in a container of its own, which outlives this process: whoever runs the same step next attaches to it.
 * Containers see nothing but their step's folder: no network, a read-only root, no capabilities, no root.
 *
 * @throws LabError `unsupported` if no engine answers; `input-missing` if it does not have the image; `config-invalid`.
 * @example
 * const backend = await dockerBackend({ image: "ilr-lab/trainer@sha256:…", gpus: 1 });
 */
export async function dockerBackend(given: DockerOptions = {}): Promise<Backend> {
  const options = { ...given, gpus: given.gpus ?? gpusFromEnvironment() };
  const concurrency = workerCount(options.workers, options.gpus !== 0 ? 1 : undefined);
  const engine = await openEngine(options.socket);
  const image = await findImage(engine, imageName(options.image));
  const limit = limitOf(concurrency);
  const closing = new AbortController();
  const running = new Set<Promise<void>>();
  return {
    name: "docker",
    concurrency,
    protectsInputs: true,
    versions: { docker: engine.version, image: image.digest ?? `${image.name}@${image.id}` },
    identity: () => image.identity,
    detached: { state: async (directory) => stateOf(engine, await canonicalPath(directory)) },
    run: (job) =>
      limit(() => {
        if (closing.signal.aborted) throw new LabError("internal", "the docker backend is closed");
        const signals = job.signal ? [job.signal, closing.signal] : [closing.signal];
        const promise = canonicalPath(job.directory).then((directory) =>
          runJob(engine, image, options, { ...job, directory, signal: AbortSignal.any(signals) }),
        );
        running.add(promise);
        return promise.finally(() => running.delete(promise));
      }, job.signal),
    close: async () => {
      closing.abort();
      await Promise.allSettled(running);
    },
  };
}

/** @throws LabError `config-invalid`. */
function gpusFromEnvironment(): number | "all" {
  const text = process.env.ILR_GPUS ?? "";
  if (text === "all") return text;
  const count = Number(text);
  if (Number.isInteger(count) && count >= 0) return count;
  throw new LabError("config-invalid", `ILR_GPUS is ${JSON.stringify(text)}; expected a whole number from 0, or "all"`);
}

async function stateOf({ docker }: Engine, directory: string): Promise<"none" | "there" | "done"> {
  if (await exists(join(directory, OUTCOME))) return "done";
  const container = docker.getContainer(containerName(directory));
  if ((await statusOfContainer(container)) === undefined) return "none";
  if (await exists(directory)) return "there";
  // Somebody removed the folder below a container, which can leave its outputs nowhere.
  await removeContainer(container);
  return "none";
}

/** The folder however it was reached: through a link, it would be another container's name. It need not exist. */
async function canonicalPath(directory: string): Promise<string> {
  const parent = await realpath(dirname(directory)).catch(() => dirname(directory));
  return join(parent, basename(directory));
}

async function runJob(engine: Engine, image: Image, options: DockerOptions, job: Job): Promise<void> {
  const { step, directory, signal } = job;
  const container = engine.docker.getContainer(containerName(directory));
  if (!(await exists(join(directory, OUTCOME)))) {
    if (signal?.aborted) throw cancelled(step.verb);
    const letGo = await holdLease(directory);
    try {
      await runContainer(engine, image, options, job);
    } catch (error) {
      await tidyUp(container, options, job, error);
      throw signal?.aborted ? cancelled(step.verb) : error;
    } finally {
      letGo();
    }
    // If this fails, the container stays, and is collected once there is room.
    await writeFile(join(directory, OUTCOME), '{"exitCode":0}\n').catch((error: unknown) => {
      throw storeFailure(error, "noting the end of the step");
    });
  }
  // A container that stays is removed by `ilr reap`; the step has succeeded.
  await removeContainer(container).catch(() => {});
}

async function runContainer(engine: Engine, image: Image, options: DockerOptions, job: Job): Promise<void> {
  const { step, directory, signal } = job;
  const secrets = secretsOf();
  const resources =
    options.resources ?? (typeof options.gpus === "number" && options.gpus > 0 ? { gpus: options.gpus } : undefined);
  if (resources) await writeFile(join(directory, "resources.json"), JSON.stringify(resources));
  const { needsHub = namesHubModel } = options;
  const hub = needsHub(job) ? { environment: secrets, cache: hubCache() } : undefined;
  const container = await attachOrStart(engine, job, { image: image.id, limits: options, hub });
  const stream = eventStream({ emit: job.emit, secrets: hiddenTexts() });
  const follow: FollowOptions = {
    signal,
    patienceMs: options.patienceMs ?? 600_000,
    heartbeatMs: options.heartbeatMs ?? 5000,
  };
  const failure = failureOf(step.verb, await followContainer(container, stream, follow), stream);
  if (failure) throw failure;
  await assertOutputs(step, directory);
}

/** After a failure or a cancellation: the container goes, unless somebody else has it now or the engine does not answer. */
async function tidyUp(
  container: DockerContainer,
  { graceSeconds = 5 }: DockerOptions,
  { signal, lost }: Job,
  error: unknown,
): Promise<void> {
  if (lost?.aborted || error instanceof EngineGone) return;
  const patience = (graceSeconds + 20) * 1000;
  // What does not work here is said by `ilr status`; the step's own error matters more.
  if (signal?.aborted) await within(patience, container.stop({ t: graceSeconds })).catch(() => {});
  await within(patience, removeContainer(container)).catch(() => {});
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

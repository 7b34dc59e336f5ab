import { LabError, limitOf } from "../core/index.js";
import type { Backend, Job } from "./backend.js";
import { startWorker, type Worker } from "./embedded-process.js";
import { engineIdentity, onnxruntimeVersion } from "./identity.js";
import { assertOutputs } from "./outputs.js";
import { workerCount } from "./workers.js";

export interface EmbeddedOptions {
  /** Worker processes, one thread each. Default: the environment's ILR_WORKERS, or as many as cores, at most two. */
  readonly workers?: number;
  /** How long a cancelled step may take to stop before its worker is killed. Default: two seconds. */
  readonly graceMs?: number;
  /** File URL of a module with another `runStep`; for tests. */
  readonly engineModule?: string;
  /** Identity of that module. */
  readonly identity?: string;
}

/**
 * Runs steps in worker processes of this machine, with the engine of this library: no Docker, no Python, no GPU, no network.
 * Workers start when needed, stay warm between steps, and end with this process.
 *
 * @throws LabError `config-invalid` for a wrong number of workers.
 */
export function embeddedBackend(options: EmbeddedOptions = {}): Backend {
  const concurrency = workerCount(options.workers);
  const graceMs = options.graceMs ?? 2000;
  const limit = limitOf(concurrency);
  const workers = new Set<Worker>();
  const idle: Worker[] = [];
  let closed = false;

  const takeWorker = (): Worker => {
    if (closed) throw new LabError("internal", "the embedded backend is closed");
    const warm = idle.pop();
    if (warm?.alive) return warm;
    if (warm) {
      workers.delete(warm);
      return takeWorker();
    }
    const worker = startWorker(options.engineModule, graceMs);
    workers.add(worker);
    return worker;
  };
  const run = async (job: Job): Promise<void> => {
    const worker = takeWorker();
    try {
      await worker.run(job);
    } finally {
      if (worker.alive) idle.push(worker);
      else workers.delete(worker);
    }
    await assertOutputs(job.step, job.directory);
  };
  return {
    name: "embedded",
    concurrency,
    versions: { onnxruntime: onnxruntimeVersion() },
    identity: () => options.identity ?? engineIdentity(),
    run: (job) => limit(() => run(job), job.signal),
    close: async () => {
      closed = true;
      await Promise.all([...workers].map((worker) => worker.stop()));
      workers.clear();
    },
  };
}

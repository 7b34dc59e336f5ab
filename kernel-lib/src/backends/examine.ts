import { LabError } from "../core/index.js";
import { findImage, imageName, openEngine } from "./docker/index.js";
import { onnxruntimeVersion } from "./identity.js";
import { BACKENDS, type BackendName } from "./open.js";
import { trainerCommand } from "./process/command.js";
import { checkTrainer } from "./process/trainer-check.js";
import { examineSlurm } from "./slurm/index.js";

/** Whether a backend works here, and what to do if not. */
export interface BackendFinding {
  readonly backend: BackendName;
  readonly isReady: boolean;
  readonly detail: string;
  readonly remedy?: string;
}

/**
 * Looks at every backend, or at one; what is missing is a finding, not an error.
 * @param site path of a cluster's profile.
 */
export async function examineBackends(
  names: readonly BackendName[] = BACKENDS,
  site?: string,
): Promise<readonly BackendFinding[]> {
  return Promise.all(names.map((name) => examine(name, site)));
}

async function examine(backend: BackendName, site: string | undefined): Promise<BackendFinding> {
  const slurm = (): Promise<string> => examineSlurm(site);
  try {
    return {
      backend,
      isReady: true,
      detail: await { embedded, process: trainer, docker, slurm }[backend](),
    };
  } catch (error) {
    const { message, hint } = error instanceof LabError ? error : new LabError("internal", String(error));
    return { backend, isReady: false, detail: message, ...(hint === undefined ? {} : { remedy: hint }) };
  }
}

async function embedded(): Promise<string> {
  try {
    await import("onnxruntime-node");
  } catch (cause) {
    throw new LabError("unsupported", `onnxruntime cannot be loaded: ${String(cause)}`, {
      hint: "run `npm ci`",
      cause,
    });
  }
  return `onnxruntime ${onnxruntimeVersion()}, CPU`;
}

async function trainer(): Promise<string> {
  const command = trainerCommand(undefined);
  const { name, versions, problems } = await checkTrainer(command);
  const [first] = problems;
  if (first) {
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
    const options = first.remedy === undefined ? {} : { hint: first.remedy };
    throw new LabError("unsupported", `${name}: ${first.problem}${more}`, options);
  }
  const installed = Object.entries(versions).map(([what, version]) => `${what} ${version}`);
  return [`${name} (${command.join(" ")})`, ...installed].join(", ");
}

async function docker(): Promise<string> {
  const engine = await openEngine();
  const image = await findImage(engine, imageName(undefined));
  const gpus = engine.runtimes.includes("nvidia") ? "GPUs" : "no GPUs";
  return `Docker Engine ${engine.version}, ${gpus}, image ${image.name} (${image.identity.slice(0, 12)})`;
}

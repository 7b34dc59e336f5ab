import { LabError } from "../../core/index.js";
import type { DockerClient } from "./client.js";
import { engineFailure } from "./failures.js";

/** A Docker Engine that answers. */
export interface Engine {
  readonly docker: DockerClient;
  readonly version: string;
  /** Its containers' root is this user. */
  readonly isRootless: boolean;
  readonly runtimes: readonly string[];
}

const ANSWER_MS = 10_000;

/**
 * Connects to the engine that DOCKER_HOST names, or to the usual socket.
 *
 * @param socket path of another socket.
 * @throws LabError `unsupported` if none answers, or if it is Podman's imitation.
 */
export async function openEngine(socket?: string): Promise<Engine> {
  const docker = await client(socket);
  try {
    const [version, info] = await within(ANSWER_MS, Promise.all([docker.version(), docker.info()]));
    refuseImitations(version);
    const options: readonly string[] = info.SecurityOptions ?? [];
    return {
      docker,
      version: version.Version,
      isRootless: options.some((option) => option.includes("name=rootless")),
      runtimes: Object.keys(info.Runtimes ?? {}),
    };
  } catch (error) {
    throw engineFailure(error, "reaching the Docker Engine");
  }
}

/** Loaded late: dockerode brings ssh and gRPC along, which only this backend pays for. */
async function client(socket: string | undefined): Promise<DockerClient> {
  try {
    const { default: Dockerode } = await import("dockerode");
    return new Dockerode(socket === undefined ? {} : { socketPath: socket }) as unknown as DockerClient;
  } catch (cause) {
    throw new LabError("unsupported", `dockerode cannot be used: ${String(cause)}`, {
      hint: "run `npm ci`, and see that DOCKER_HOST is like unix:///var/run/docker.sock",
      cause,
    });
  }
}

/** Podman's service speaks the same protocol, but forgets GPUs, truncates logs and reports wrong exit codes. */
function refuseImitations(version: Awaited<ReturnType<DockerClient["version"]>>): void {
  if (!version.Components?.some(({ Name }) => /podman/i.test(Name ?? ""))) return;
  throw new LabError(
    "unsupported",
    "this is Podman's imitation of the Docker Engine, which loses logs and exit codes",
    {
      hint: "use Docker Engine, or run the trainer without containers: backend process",
    },
  );
}

/** The promise, or an error after `milliseconds`: requests to an engine that hangs never settle. */
export async function within<T>(milliseconds: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${milliseconds / 1000} s`)), milliseconds);
  });
  // If it fails later, nobody listens.
  promise.catch(() => {});
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

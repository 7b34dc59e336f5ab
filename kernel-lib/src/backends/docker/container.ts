import { join } from "node:path";
import { sha256 } from "../../core/index.js";
import type { Job } from "../backend.js";
import { leaseFile, ownerLabel } from "../lease.js";
import type { CreateOptions, HostConfig } from "./client.js";

/** Labels of our containers. */
export const LABEL = {
  /** Key of the step. */
  step: "ilr-lab.step",
  verb: "ilr-lab.verb",
  /** The process that started it. */
  owner: "ilr-lab.owner",
  /** File that says who follows it now. */
  lease: "ilr-lab.lease",
  /** The step's folder. */
  folder: "ilr-lab.folder",
} as const;

/** What one container may use. */
export interface Limits {
  /** Bytes; swap is not added to it. */
  readonly memory?: number;
  /** Cores, such as 1.5. */
  readonly cpus?: number;
  /** Processes and threads. Default: 4096. */
  readonly pids?: number;
  /** GPUs of each step. Default: the environment's ILR_GPUS, or none. */
  readonly gpus?: number | "all";
  /** Bytes of /dev/shm. Default: 64 MiB, with GPUs 8 GiB, as their libraries talk through it. */
  readonly sharedMemory?: number;
}

export interface ContainerRequest {
  readonly image: string;
  readonly limits: Limits;
  /** `uid:gid` that it runs as. */
  readonly user: string;
  /** Tokens and cache of steps that may reach the Hub; undefined: no network. */
  readonly hub: { readonly environment: Readonly<Record<string, string>>; readonly cache: string } | undefined;
}

/** Where a container finds the cache of the Hub. */
const HUB_CACHE = "/cache/huggingface";

const GIB = 2 ** 30;
const MIB = 2 ** 20;

/**
 * Name of a step's container: there can be only one of a name, so that a step is never started twice. A folder belongs to one
 * key of one store.
 */
export function containerName(directory: string): string {
  return `ilr-${sha256(directory).slice(0, 24)}`;
}

/** Everything that the engine is told about a step's container. */
export function containerOptions(job: Job, request: ContainerRequest): CreateOptions {
  const folder = job.directory;
  return {
    name: containerName(job.directory),
    Image: request.image,
    Cmd: ["run", "/step"],
    User: request.user,
    WorkingDir: "/step/scratch",
    Env: environment(request),
    Labels: {
      [LABEL.step]: job.key,
      [LABEL.verb]: job.step.verb,
      [LABEL.owner]: ownerLabel(),
      [LABEL.lease]: leaseFile(job.directory),
      [LABEL.folder]: job.directory,
    },
    HostConfig: {
      // Without an init, process 1 ignores SIGTERM, and nobody reaps what it leaves.
      Init: true,
      // Mounts, not Binds: a missing source is an error instead of a new folder of root's.
      Mounts: [
        { Type: "bind", Source: folder, Target: "/step", ReadOnly: true },
        { Type: "bind", Source: join(folder, "outputs"), Target: "/step/outputs", ReadOnly: false },
        { Type: "bind", Source: join(folder, "scratch"), Target: "/step/scratch", ReadOnly: false },
        ...(request.hub
          ? [{ Type: "bind", Source: request.hub.cache, Target: HUB_CACHE, ReadOnly: false } as const]
          : []),
      ],
      ReadonlyRootfs: true,
      Tmpfs: { "/tmp": "rw,nosuid,nodev,mode=1777,size=1g" },
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      NetworkMode: request.hub === undefined ? "none" : "bridge",
      RestartPolicy: { Name: "no" },
      ...limitsOf(request.limits),
      // `local` keeps bytes as they are; `json-file` damages a character where it cuts long lines. Bounded: 300 MB a step.
      LogConfig: { Type: "local", Config: { "max-size": "100m", "max-file": "3", compress: "false" } },
    },
  };
}

function environment({ hub }: ContainerRequest): string[] {
  const fixed = {
    HOME: "/step/scratch",
    // Libraries ask for a name, which a bare uid does not have.
    USER: "ilr",
    LOGNAME: "ilr",
    // What they compile there must be loadable, which nothing in /tmp is; and it may be large.
    TMPDIR: "/step/scratch",
    HF_HUB_OFFLINE: hub === undefined ? "1" : "0",
    ...(hub && { HF_HOME: HUB_CACHE, ...hub.environment }),
  };
  return Object.entries(fixed).map(([name, value]) => `${name}=${value}`);
}

function limitsOf({ memory, cpus, pids = 4096, gpus = 0, sharedMemory }: Limits): HostConfig {
  const withGpus = gpus !== 0;
  return {
    PidsLimit: pids,
    ShmSize: sharedMemory ?? (withGpus ? 8 * GIB : 64 * MIB),
    ...(memory === undefined ? {} : { Memory: memory, MemorySwap: memory }),
    ...(cpus === undefined ? {} : { NanoCpus: Math.round(cpus * 1e9) }),
    ...(withGpus ? { DeviceRequests: [{ Count: gpus === "all" ? -1 : gpus, Capabilities: [["gpu"]] }] } : {}),
  };
}

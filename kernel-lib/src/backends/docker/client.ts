/**
 * What is used of dockerode. Its own types bring those of an older Node along, which must not reach the notebooks' compiler through
 * this library's declarations.
 */
import type { Readable } from "node:stream";

export interface ContainerState {
  readonly Status: string;
  readonly Running: boolean;
  readonly ExitCode: number;
  readonly OOMKilled: boolean;
}

interface Abortable {
  readonly abortSignal?: AbortSignal;
}

export interface LogOptions extends Abortable {
  readonly follow: true;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly timestamps: boolean;
  /** `seconds.nanoseconds`. */
  readonly since?: string;
}

export interface DockerContainer {
  readonly id: string;
  inspect(): Promise<{ readonly Id: string; readonly State: ContainerState }>;
  start(): Promise<unknown>;
  stop(options: { readonly t: number }): Promise<unknown>;
  remove(options: { readonly force: boolean; readonly v: boolean }): Promise<unknown>;
  wait(options: Abortable): Promise<unknown>;
  logs(options: LogOptions): Promise<Readable & { readonly complete?: boolean }>;
}

export interface MountRequest {
  readonly Type: "bind";
  readonly Source: string;
  readonly Target: string;
  readonly ReadOnly: boolean;
}

export interface HostConfig {
  readonly Init?: boolean;
  readonly Mounts?: MountRequest[];
  readonly ReadonlyRootfs?: boolean;
  readonly Tmpfs?: Record<string, string>;
  readonly CapDrop?: string[];
  readonly SecurityOpt?: string[];
  readonly NetworkMode?: string;
  readonly RestartPolicy?: { readonly Name: string };
  readonly PidsLimit?: number;
  readonly ShmSize?: number;
  readonly Memory?: number;
  readonly MemorySwap?: number;
  readonly NanoCpus?: number;
  readonly DeviceRequests?: { readonly Count: number; readonly Capabilities: string[][] }[];
  readonly LogConfig?: { readonly Type: string; readonly Config: Record<string, string> };
}

export interface CreateOptions {
  readonly name: string;
  readonly Image: string;
  readonly Cmd: string[];
  readonly User: string;
  readonly WorkingDir: string;
  readonly Env: string[];
  readonly Labels: Record<string, string>;
  readonly HostConfig: HostConfig;
}

export interface ContainerSummary {
  readonly Id: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly State: string;
  readonly Status: string;
  /** Seconds since the epoch. */
  readonly Created: number;
}

export interface ImageDetails {
  readonly Id: string;
  readonly RepoDigests?: readonly string[] | null;
  readonly Config?: { readonly Labels?: Readonly<Record<string, string>> | null } | null;
}

export interface ImageSummary {
  readonly Id: string;
  readonly RepoTags?: readonly string[] | null;
  readonly Size: number;
  readonly Created: number;
  readonly Labels?: Readonly<Record<string, string>> | null;
}

export interface BuildRequest {
  readonly t: string;
  readonly buildargs: Record<string, string>;
  readonly rm: boolean;
  readonly forcerm: boolean;
}

export interface DockerClient {
  version(): Promise<{
    readonly Version: string;
    readonly Components?: readonly { readonly Name?: string }[] | null;
  }>;
  info(): Promise<{
    readonly SecurityOptions?: readonly string[] | null;
    readonly Runtimes?: Readonly<Record<string, unknown>> | null;
  }>;
  getContainer(id: string): DockerContainer;
  createContainer(options: CreateOptions): Promise<unknown>;
  listContainers(options: {
    readonly all: boolean;
    readonly filters: { readonly label: string[] };
  }): Promise<readonly ContainerSummary[]>;
  getImage(name: string): { inspect(): Promise<ImageDetails> };
  listImages(options: { readonly filters: { readonly label: string[] } }): Promise<readonly ImageSummary[]>;
  buildImage(
    context: { readonly context: string; readonly src: string[] },
    options: BuildRequest,
  ): Promise<NodeJS.ReadableStream>;
  readonly modem: {
    followProgress<T>(
      stream: NodeJS.ReadableStream,
      onFinished: (error: Error | null) => void,
      onProgress: (event: T) => void,
    ): void;
  };
}

import { LabError, nearestName } from "../core/index.js";
import type { Backend } from "./backend.js";
import { dockerBackend } from "./docker/index.js";
import { embeddedBackend } from "./embedded.js";
import { processBackend } from "./process/process.js";
import { type SiteInput, slurmBackend } from "./slurm/index.js";

/** Backends that have a name. */
export const BACKENDS = ["embedded", "process", "docker", "slurm"] as const;
export type BackendName = (typeof BACKENDS)[number];

/** What can be said of a backend beside its name. */
export interface OpenOptions {
  /** Steps side by side. */
  readonly workers?: number | undefined;
  /** The profile of a Slurm cluster, or the path of its file; nothing else has one. */
  readonly site?: SiteInput | string | undefined;
}

/**
 * Opens a backend by name, with what the environment says (ILR_TRAINER, ILR_IMAGE, DOCKER_HOST, ILR_SITE, ILR_WORKERS).
 *
 * @throws LabError `name-unknown`; `unsupported` or `input-missing` with what is missing on this machine.
 * @example
 * const backend = await openBackend("docker");
 */
export async function openBackend(name: BackendName, { workers, site }: OpenOptions = {}): Promise<Backend> {
  const options = workers === undefined ? {} : { workers };
  if (site !== undefined && name !== "slurm") {
    throw new LabError("config-invalid", `a site profile was given for the backend ${name}`, {
      hint: "only slurm has one",
    });
  }
  switch (name) {
    case "embedded":
      return embeddedBackend(options);
    case "process":
      return processBackend(options);
    case "docker":
      return dockerBackend(options);
    case "slurm":
      return slurmBackend(site === undefined ? options : { ...options, site });
    default:
      throw unknownBackend(name);
  }
}

/** A word as a backend's name. @throws LabError `name-unknown`. */
export function backendName(word: string): BackendName {
  const known = BACKENDS.find((name) => name === word);
  if (known === undefined) throw unknownBackend(word);
  return known;
}

function unknownBackend(word: string): LabError {
  const near = nearestName(word, BACKENDS);
  return new LabError("name-unknown", `there is no backend ${JSON.stringify(word)}`, {
    hint: near ? `did you mean ${near}?` : `known: ${BACKENDS.join(", ")}`,
  });
}

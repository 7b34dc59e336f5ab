import { LabError, nearestName } from "../core/index.js";
import type { Backend } from "./backend.js";
import { dockerBackend } from "./docker/index.js";
import { embeddedBackend } from "./embedded.js";
import { processBackend } from "./process/process.js";

/** Backends that have a name. */
export const BACKENDS = ["embedded", "process", "docker"] as const;
export type BackendName = (typeof BACKENDS)[number];

/**
 * Opens a backend by name, with what the environment says (ILR_TRAINER, ILR_IMAGE, DOCKER_HOST, ILR_WORKERS).
 *
 * @param workers steps side by side.
 * @throws LabError `name-unknown`; `unsupported` or `input-missing` with what is missing on this machine.
 * @example
 * const backend = await openBackend("docker");
 */
export async function openBackend(name: BackendName, workers?: number): Promise<Backend> {
  const options = workers === undefined ? {} : { workers };
  switch (name) {
    case "embedded":
      return embeddedBackend(options);
    case "process":
      return processBackend(options);
    case "docker":
      return dockerBackend(options);
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

import { join } from "node:path";
import type { Store } from "../backends/index.js";
import type { Checkpoint } from "../engine/index.js";
import { temporaryFolder } from "../store/index.js";
import type { FoundModel } from "./find-model.js";

/** Where a model comes from, as plain JSON: what its export says of it. */
export type ModelOrigin = {
  readonly name: string;
  /** Digest of its folder in the store, where it is from there. */
  readonly ref?: string;
  /** The run that it is of, and the key of the step that trained it. */
  readonly run?: string;
  readonly step?: string;
};

/**
 * Reads a model that was found.
 *
 * @param available bytes that loading may take. Default: what is free.
 * @throws LabError `unsupported`, `input-missing`, `input-damaged` as the engine's `loadModel`; `store-damaged`.
 */
export async function checkpointOf(
  { name, from }: FoundModel,
  store: () => Promise<Store>,
  available?: number,
): Promise<Checkpoint> {
  const { loadModel } = await import("../engine/index.js");
  if ("folder" in from) return loadModel(from.folder, { name, available });
  const { path: scratch, remove } = await temporaryFolder("model");
  try {
    const folder = join(scratch, "model");
    await (await store()).materialise(from.ref, folder, "copy");
    return await loadModel(folder, { name, available });
  } finally {
    await remove();
  }
}

/** What an export says of where a model comes from. */
export function originOf({ name, from, run, step }: FoundModel): ModelOrigin {
  return {
    name,
    ...("ref" in from && { ref: from.ref }),
    ...(run && { run: run.provenance.experiment.name }),
    ...(step && { step }),
  };
}

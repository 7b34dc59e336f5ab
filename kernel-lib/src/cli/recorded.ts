import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { BaseProvenance, RunProvenance } from "../experiments/index.js";

/** A folder with a run's or a base model's provenance. */
export type Recorded =
  | { readonly kind: "run"; readonly folder: string; readonly provenance: RunProvenance }
  | { readonly kind: "base"; readonly folder: string; readonly provenance: BaseProvenance };

/** Everything recorded under some folders. Folders that do not exist, and files that cannot be read, are passed over. */
export async function findRecorded(folders: readonly string[]): Promise<readonly Recorded[]> {
  const found: Recorded[] = [];
  for (const root of folders) {
    const names = await readdir(root, { recursive: true }).catch(() => []);
    for (const name of names.filter((path) => basename(path) === "provenance.json").sort()) {
      const recorded = await readProvenance(join(root, name));
      if (recorded) found.push(recorded);
    }
  }
  return found;
}

async function readProvenance(path: string): Promise<Recorded | undefined> {
  const folder = dirname(path);
  try {
    const provenance = JSON.parse(await readFile(path, "utf8")) as Partial<RunProvenance & BaseProvenance>;
    if (provenance.experiment && provenance.keys) {
      return { kind: "run", folder, provenance: provenance as RunProvenance };
    }
    return provenance.ref && provenance.step
      ? { kind: "base", folder, provenance: provenance as BaseProvenance }
      : undefined;
  } catch {
    return undefined;
  }
}

/** Keys and references that a recorded thing stands on: what must stay in the store. */
export function reachOf(recorded: Recorded): readonly string[] {
  if (recorded.kind === "base") return [recorded.provenance.step, recorded.provenance.ref];
  return [...recorded.provenance.keys, ...Object.values(recorded.provenance.bases)];
}

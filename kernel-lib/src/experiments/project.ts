import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { LabError } from "../core/index.js";

/** Where a checkout of the kit keeps its things. */
export interface Project {
  readonly root: string;
  /** Recorded runs and base models, in git. */
  readonly results: string;
  /** The content store, not in git. */
  readonly store: string;
  /** Data sets that were fetched, not in git. */
  readonly data: string;
}

/**
 * The project that `start` lies in: the nearest folder upwards with `results/` and `notebooks/`. `ILR_ROOT`, `ILR_STORE` and `ILR_DATA` override.
 *
 * @throws LabError `input-missing` outside a project.
 */
export function findProject(start: string = process.cwd()): Project {
  const root = process.env.ILR_ROOT ?? searchUpwards(resolve(start));
  if (root === undefined) {
    throw new LabError(
      "input-missing",
      `${start} is not inside an ilr-lab project (no folder above has results/ and notebooks/)`,
      {
        hint: "change to the checkout, or set ILR_ROOT to it",
      },
    );
  }
  return {
    root,
    results: join(root, "results"),
    store: process.env.ILR_STORE ?? join(root, ".ilr", "store"),
    data: process.env.ILR_DATA ?? join(root, ".ilr", "data"),
  };
}

function searchUpwards(folder: string): string | undefined {
  if (existsSync(join(folder, "results")) && existsSync(join(folder, "notebooks"))) return folder;
  const parent = dirname(folder);
  return parent === folder ? undefined : searchUpwards(parent);
}

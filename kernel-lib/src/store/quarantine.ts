import { rename } from "node:fs/promises";
import { basename, join } from "node:path";
import type { StoreContext } from "./context.js";
import { systemCode } from "./failures.js";
import { ownedName } from "./processes.js";

/**
 * Moves a damaged entry out of the way, where a person can look at it, and says so.
 * On a read-only store the entry stays and is only reported; it counts as absent either way.
 */
export async function quarantine(context: StoreContext, path: string, problem: string): Promise<void> {
  const target = join(context.paths.quarantineFolder, ownedName(basename(path)));
  try {
    await rename(path, target);
    context.warn(`${problem}; moved to ${target}`);
  } catch (error) {
    // Somebody else may have moved it first.
    if (systemCode(error) !== "ENOENT") context.warn(`${problem}; it could not be moved away: ${String(error)}`);
    else context.warn(problem);
  }
}

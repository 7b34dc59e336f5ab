import { link, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import type { StoreContext } from "./context.js";
import { systemCode } from "./failures.js";
import { ownedName } from "./processes.js";

/**
 * Moves a damaged entry out of the way, where a person can look at it, and says so. Somebody may have mended it since it was looked at:
 * what turns out to be whole is put back.
 * On a read-only store the entry stays and is only reported; it counts as absent either way.
 *
 * @param isWhole looks again, at the entry where it lies now.
 */
export async function quarantine(
  context: StoreContext,
  path: string,
  problem: string,
  isWhole: (moved: string) => Promise<boolean>,
): Promise<void> {
  const target = join(context.paths.quarantineFolder, ownedName(basename(path)));
  try {
    await rename(path, target);
    if (await isWhole(target)) return await putBack(target, path);
    context.warn(`${problem}; moved to ${target}`);
  } catch (error) {
    // Somebody else may have moved it first.
    if (systemCode(error) !== "ENOENT") context.warn(`${problem}; it could not be moved away: ${String(error)}`);
    else context.warn(problem);
  }
}

/** By a link, which does not take the place of an entry that was written meanwhile. */
async function putBack(moved: string, path: string): Promise<void> {
  await link(moved, path).catch((error: unknown) => {
    if (systemCode(error) !== "EEXIST") return rename(moved, path);
  });
  await rm(moved, { force: true });
}

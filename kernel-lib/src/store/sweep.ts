import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { StoreContext } from "./context.js";
import { liveLocks } from "./locks.js";
import { isAlive, ownerOfName } from "./processes.js";

/** What this process could not remove: the disk was read-only or away. Paths are unique, so that none is ever used again. */
const stuck = new Set<string>();

/** Removes a temporary file or folder of this process; never throws. What cannot go now goes with the next sweep. */
export async function discard(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true, maxRetries: 3 });
    stuck.delete(path);
  } catch {
    stuck.add(path);
  }
}

/**
 * Removes what dead processes left in `tmp/` and `work/`; returns the paths. Leftovers of processes that cannot be seen from here
 * (other hosts) go when they are older than the grace period.
 */
export async function sweep(context: StoreContext, dryRun = false): Promise<readonly string[]> {
  const swept: string[] = [];
  if (!dryRun) for (const path of [...stuck]) await discard(path);
  const { keys } = await liveLocks(context);
  for (const folder of [context.paths.temporaryFolder, context.paths.workFolder]) {
    for (const name of await readdir(folder).catch(() => [])) {
      const path = join(folder, name);
      // A scratch folder's name starts with its key: a long job of another host holds the lock.
      if (keys.has(name.slice(0, name.indexOf("."))) || !(await isLeftover(context, path, name))) continue;
      if (!dryRun) await rm(path, { recursive: true, force: true }).catch(() => {});
      swept.push(path);
    }
  }
  return swept;
}

async function isLeftover(context: StoreContext, path: string, name: string): Promise<boolean> {
  const owner = ownerOfName(name);
  const alive = owner && isAlive(owner);
  if (alive !== undefined) return !alive;
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && context.clock() - found.mtimeMs > context.graceMs;
}

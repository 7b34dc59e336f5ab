import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { storeFailure } from "./failures.js";
import { ownedName } from "./processes.js";
import { removeIfLeft } from "./whole-file.js";

/** What all our folders in the system's temporary folder start with. */
const OURS = "ilr-";

/** A folder for files that nobody needs after this process. */
export interface TemporaryFolder {
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * A new folder in the system's temporary folder, for this user only. Those of processes that were killed go first: nobody else would
 * remove them. Who made one stands beside what is in it, not in its name, as paths of sockets must be short.
 *
 * @throws LabError `store-full`, `store-unwritable`.
 * @example
 * const { path, remove } = await temporaryFolder("kernel");
 */
export async function temporaryFolder(name: string): Promise<TemporaryFolder> {
  try {
    await sweepTemporary();
    const outer = await mkdtemp(join(tmpdir(), `${OURS}${name}-`));
    await writeFile(join(outer, ownedName("owner")), "");
    await mkdir(join(outer, "f"));
    return { path: join(outer, "f"), remove: () => rm(outer, { recursive: true, force: true, maxRetries: 3 }) };
  } catch (error) {
    throw storeFailure(error, "making a temporary folder");
  }
}

async function sweepTemporary(): Promise<void> {
  for (const folder of await readdir(tmpdir()).catch(() => [])) {
    if (!folder.startsWith(OURS)) continue;
    const path = join(tmpdir(), folder);
    const names = await readdir(path).catch(() => []);
    const owner = names.find((name) => name.startsWith("owner."));
    if (owner === undefined) continue;
    await removeIfLeft(join(path, owner));
    // The owner's note goes only if the owner is dead.
    if (!(await readdir(path).catch(() => [owner])).includes(owner)) await rm(path, { recursive: true, force: true });
  }
}

import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { storeFailure } from "./failures.js";
import { isAlive, ownedName, ownerOfName } from "./processes.js";

/** What other hosts have left unfinished is taken for forgotten after this, in ms. */
const FORGOTTEN = 24 * 3_600_000;

/**
 * Writes a file outside the store that is there whole or not at all: temporary name, fsync, rename. What a process left half-written that
 * was killed here goes first.
 *
 * @throws LabError `store-full`, `store-unwritable`.
 */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  const folder = dirname(path);
  const prefix = `.${basename(path)}`;
  const temporary = join(folder, ownedName(prefix));
  try {
    await mkdir(folder, { recursive: true });
    for (const name of await readdir(folder)) {
      if (name.startsWith(`${prefix}.`)) await removeIfLeft(join(folder, name));
    }
    const file = await open(temporary, "w");
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw storeFailure(error, `writing ${path}`);
  }
}

/** Removes a file or folder with an owned name whose owner has died. */
export async function removeIfLeft(path: string): Promise<void> {
  const owner = ownerOfName(basename(path));
  if (owner === undefined) return;
  const found = await stat(path).catch(() => undefined);
  const left = isAlive(owner) === undefined ? found && Date.now() - found.mtimeMs > FORGOTTEN : !isAlive(owner);
  if (left) await rm(path, { recursive: true, force: true }).catch(() => {});
}

import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { systemCode } from "./failures.js";

/**
 * Makes a folder and what leads to it. Unlike `mkdir` with `recursive`, which says ENOENT on a read-only or full file system,
 * it fails with the true cause.
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT" && dirname(path) !== path) {
      await makeFolder(dirname(path));
      return makeFolder(path);
    }
    // EEXIST and (on a read-only file system) EROFS are fine if the folder is there.
    const found = await stat(path).catch(() => undefined);
    if (!found?.isDirectory()) throw error;
  }
}

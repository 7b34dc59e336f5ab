import { constants } from "node:fs";
import { chmod, copyFile, link, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Digest, LabError } from "../core/index.js";
import type { ArtifactRef } from "../steps/index.js";
import { assertWhole } from "./check.js";
import { parseRef, readManifest } from "./content.js";
import type { StoreContext } from "./context.js";
import { storeFailure } from "./failures.js";
import { makeFolder } from "./folder.js";
import { quarantineContent } from "./lookup.js";
import { hashFile } from "./publish.js";

/**
 * How files leave the store. `copy` (a clone where the file system can) gives the reader files of its own: whatever it does to
 * them, the store is safe, even if it runs as root, for whom read-only modes mean nothing. `link` costs no space but shares the
 * bytes; it is for readers that see the folder through a read-only mount.
 */
export type MaterialiseMode = "copy" | "link";

/**
 * Puts an artifact at a path, read-only: a file, or a folder with its files. Every byte that is put there is read and held against its
 * digest (unless the store checks sizes only): a step that trains on a damaged model would leave a wrong result with a right name.
 * @throws LabError `store-damaged` or `input-missing` if it is not whole; `store-full`, `store-unwritable`.
 */
export async function materialise(
  context: StoreContext,
  ref: ArtifactRef,
  target: string,
  mode: MaterialiseMode = "copy",
): Promise<void> {
  await assertWhole(context, ref);
  const { kind, digest } = parseRef(ref);
  try {
    if (kind === "file") {
      await makeFolder(dirname(target));
      await place(context, digest, target, mode);
      return;
    }
    await makeFolder(target);
    for (const [path, entry] of Object.entries(await readManifest(context, digest))) {
      const file = join(target, path);
      await makeFolder(dirname(file));
      await place(context, entry.digest, file, mode);
    }
  } catch (error) {
    throw storeFailure(error, `taking ${ref} out of the store`);
  }
}

async function place(context: StoreContext, digest: Digest, target: string, mode: MaterialiseMode): Promise<void> {
  const source = context.paths.content(digest);
  if (mode !== "link" || !(await linked(source, target))) {
    await copyFile(source, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    await chmod(target, 0o444);
  }
  if (context.hitCheck === "size" || (await hashFile(target)) === digest) return;
  await rm(target, { force: true });
  // So that the step that made it is no hit any more, even where only a sample of the large files is read.
  await quarantineContent(context, "an input", [{ digest, problem: "wrong bytes" }]);
  throw new LabError("store-damaged", `content ${digest} does not match its digest; it was put into quarantine`, {
    hint: "run again: the step that made it runs again",
  });
}

/** False where links do not work: another device, too many links, a file system without them. */
async function linked(source: string, target: string): Promise<boolean> {
  try {
    await link(source, target);
    return true;
  } catch {
    return false;
  }
}

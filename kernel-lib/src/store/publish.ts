import { createHash } from "node:crypto";
import { open, rename, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Digest, LabError } from "../core/index.js";
import type { StoreContext } from "./context.js";
import { storeFailure } from "./failures.js";
import { makeFolder } from "./folder.js";
import { ownedName } from "./processes.js";
import { discard } from "./sweep.js";

export interface Published {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
}

/**
 * The one function that puts a file into the store: temporary name, fsync, verify, rename.
 * Readers see the whole file or none; a failure leaves nothing.
 * Folders are not fsynced: should a power cut lose a rename, the entry is missing, and a missing entry is recomputed.
 *
 * @param fill writes the temporary file.
 * @param place the final path, given the digest of what was written.
 * @param expected the digest that it must have.
 * @throws LabError `store-full`, `store-unwritable`, `store-damaged`.
 */
export async function publishFile(
  context: StoreContext,
  fill: (temporary: string) => Promise<void>,
  place: (digest: Digest) => string,
  expected?: Digest,
): Promise<Published> {
  const temporary = join(context.paths.temporaryFolder, ownedName("file"));
  try {
    await fill(temporary);
    await syncReadOnly(temporary);
    const digest = await hashFile(temporary);
    if (expected !== undefined && digest !== expected) {
      throw new LabError("store-damaged", `wrote ${expected}, read back ${digest}`, { hint: "check the disk" });
    }
    const target = place(digest);
    await makeFolder(dirname(target));
    await rename(temporary, target);
    const { size, mtimeMs, ino } = await stat(target);
    context.hashed.set(digest, { size, mtimeMs, ino });
    return { digest, size };
  } catch (error) {
    await discard(temporary);
    throw storeFailure(error, `writing to the store ${context.paths.root}`);
  }
}

/** Bytes read at once. */
const CHUNK = 1 << 20;

/** sha256 of a file's bytes, in hex. Most files are small: a buffer is as large as its file, so that a hit costs no garbage to speak of. */
export async function hashFile(path: string): Promise<Digest> {
  const file = await open(path, "r");
  try {
    const hash = createHash("sha256");
    const { size } = await file.stat();
    const buffer = Buffer.allocUnsafe(Math.min(size + 1, CHUNK));
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length);
      if (bytesRead === 0) return hash.digest("hex");
      hash.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}

async function syncReadOnly(path: string): Promise<void> {
  // "r" is enough for fsync, and works where a copy has kept a read-only mode.
  const handle = await open(path, "r");
  try {
    await handle.chmod(0o444);
    const now = new Date();
    // A copy may have kept the source's times; the collector's grace period counts from now.
    await handle.utimes(now, now);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

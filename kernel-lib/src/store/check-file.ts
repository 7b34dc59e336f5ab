import { stat } from "node:fs/promises";
import type { Digest } from "../core/index.js";
import type { StoreContext } from "./context.js";
import { storeFailure, systemCode } from "./failures.js";
import { hashFile } from "./publish.js";

/** `size` looks at file sizes, `bytes` reads and hashes every byte. */
export type Basis = "size" | "bytes";

/** What is wrong with one stored file. */
export interface Problem {
  readonly digest: Digest;
  readonly problem: "missing" | "wrong size" | "wrong bytes";
}

/** Files up to this size are read even by a sampled check: at 400 MB/s or more that is a moment. */
const SMALL = 64 * 1024 * 1024;
/** The share of larger files that a sampled check reads. */
const SAMPLED_SHARE = 1 / 8;

/** What is wrong with one content file. */
export async function checkFile(
  context: StoreContext,
  digest: Digest,
  basis: Basis | "sampled",
  size?: number,
): Promise<readonly Problem[]> {
  const path = context.paths.content(digest);
  try {
    const found = await stat(path);
    if (size !== undefined && found.size !== size) return [{ digest, problem: "wrong size" }];
    const stamp = context.hashed.get(digest);
    const unchanged = stamp?.mtimeMs === found.mtimeMs && stamp.size === found.size && stamp.ino === found.ino;
    const reads =
      basis === "bytes" || (basis === "sampled" && (found.size <= SMALL || context.chance() < SAMPLED_SHARE));
    if (!reads || unchanged) return [];
    if ((await hashFile(path)) !== digest) return [{ digest, problem: "wrong bytes" }];
    context.hashed.set(digest, { size: found.size, mtimeMs: found.mtimeMs, ino: found.ino });
    return [];
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [{ digest, problem: "missing" }];
    throw storeFailure(error, `checking ${digest}`);
  }
}

/** "missing", "of the wrong size" or "damaged". */
export function describe({ problem }: Problem): string {
  return { missing: "missing", "wrong size": "of the wrong size", "wrong bytes": "damaged" }[problem];
}

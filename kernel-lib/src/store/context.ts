import { type Digest, LabError } from "../core/index.js";
import type { Layout } from "./layout.js";

/** Milliseconds since the epoch. */
export type Clock = () => number;

/** How thoroughly content is checked before it is believed: `size` never reads it, `full` always does. */
export type HitCheck = "size" | "sampled" | "full";

/** What every operation of one open store shares. */
export interface StoreContext {
  readonly paths: Layout;
  readonly clock: Clock;
  readonly warn: (message: string) => void;
  readonly writable: boolean;
  readonly hitCheck: HitCheck;
  /** Uniform in [0, 1): picks the large files that a sampled check reads. */
  readonly chance: () => number;
  /** A lock not renewed for this long may be taken over. */
  readonly leaseMs: number;
  /** Nothing younger than this is ever collected. */
  readonly graceMs: number;
  /** Files hashed by this process, as they were then; a file that has not changed since is not read again. */
  readonly hashed: Map<Digest, FileStamp>;
}

export interface FileStamp {
  readonly size: number;
  readonly mtimeMs: number;
  readonly ino: number;
}

/** @throws LabError `store-unwritable`. */
export function assertWritable(context: StoreContext): void {
  if (context.writable) return;
  throw new LabError("store-unwritable", `the store ${context.paths.root} is read-only`, {
    hint: "make the store's folder writable for this user, or choose another one",
  });
}

import { join } from "node:path";
import type { Digest } from "../core/index.js";

/**
 * Where things are under the store's root:
 * `cas/sha256/ab/<hex>` content, read-only; `steps/<key>.json` records; `locks/<key>/<generation>`; `tmp/` files being written;
 * `work/` scratch folders of running steps; `quarantine/` damaged entries, for people; `logs/<key>.jsonl` of failed steps.
 */
export interface Layout {
  readonly root: string;
  readonly folders: readonly string[];
  readonly contentFolder: string;
  readonly recordFolder: string;
  readonly lockFolder: string;
  readonly temporaryFolder: string;
  readonly workFolder: string;
  readonly quarantineFolder: string;
  readonly logFolder: string;
  content(digest: Digest): string;
  record(key: string): string;
  locks(key: string): string;
  log(key: string): string;
}

export function layoutOf(root: string): Layout {
  const contentFolder = join(root, "cas", "sha256");
  const recordFolder = join(root, "steps");
  const lockFolder = join(root, "locks");
  const temporaryFolder = join(root, "tmp");
  const workFolder = join(root, "work");
  const quarantineFolder = join(root, "quarantine");
  const logFolder = join(root, "logs");
  return {
    root,
    folders: [contentFolder, recordFolder, lockFolder, temporaryFolder, workFolder, quarantineFolder, logFolder],
    contentFolder,
    recordFolder,
    lockFolder,
    temporaryFolder,
    workFolder,
    quarantineFolder,
    logFolder,
    content: (digest) => join(contentFolder, digest.slice(0, 2), digest),
    record: (key) => join(recordFolder, `${key}.json`),
    locks: (key) => join(lockFolder, key),
    log: (key) => join(logFolder, `${key}.jsonl`),
  };
}

const HEX = /^[0-9a-f]{64}$/;

/** Whether a text can be a digest or a key (and so is safe in a path). */
export function isDigest(text: string): boolean {
  return HEX.test(text);
}

/** Damage to files, as disks, crashes and people do it; seeded. */
import { chmodSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Random } from "../../kernel-lib/src/core/index.js";

/** Every file under a folder, by path below it, with its bytes. */
export function filesOf(folder: string): ReadonlyMap<string, Buffer> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(names.map(({ parentPath, name }) => join(parentPath, name)).map((path) => [path, readFileSync(path)]));
}

/** Damages one file; the bytes that it has then, or undefined if it is gone. */
type Damage = (bytes: Buffer, random: Random) => Buffer | undefined;

/** Each changes the bytes of every file that is not empty. */
export const damages: Readonly<Record<string, Damage>> = {
  "a flipped bit": (bytes, random) => {
    const copy = Buffer.from(bytes);
    copy[random.below(copy.length)]! ^= 1 << random.below(8);
    return copy;
  },
  "a truncated file": (bytes, random) => bytes.subarray(0, random.below(bytes.length)),
  "a deleted file": () => undefined,
  "a block of zeros, as after a power cut": (bytes, random) => {
    const from = random.below(bytes.length);
    const copy = Buffer.from(bytes);
    copy.fill(0, from, Math.min(from + 4096, copy.length));
    // Zeros in place of zeros are no damage.
    return copy.equals(bytes) ? Buffer.alloc(bytes.length + 1) : copy;
  },
  "bytes appended": (bytes, random) => Buffer.concat([bytes, Buffer.from([random.below(256)])]),
  "another file's content": (bytes) => Buffer.concat([Buffer.from("{}\n"), bytes.subarray(0, 7)]),
};

/**
 * Damages a file. Disks do not tell: half of the times the file keeps its modification time.
 */
export function damageFile(path: string, damage: Damage, random: Random): void {
  const { atime, mtime } = statSync(path);
  const bytes = damage(readFileSync(path), random);
  if (bytes === undefined) {
    rmSync(path);
    return;
  }
  chmodSync(path, 0o644);
  writeFileSync(path, bytes);
  if (random.next() < 0.5) utimesSync(path, atime, mtime);
}

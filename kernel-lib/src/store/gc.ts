import { readdir, rename, rm, rmdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { ArtifactRef } from "../steps/index.js";
import { parseRef, readManifest } from "./content.js";
import { assertWritable, type StoreContext } from "./context.js";
import { storeFailure, systemCode } from "./failures.js";
import { isReleased, liveLocks } from "./locks.js";
import { ownedName } from "./processes.js";
import { type ActionRecord, inputsOfDocument, readRecords } from "./records.js";
import { sweep } from "./sweep.js";

export interface CollectOptions {
  /** What to keep: keys of steps, and references. With a step go its outputs, its inputs, and the steps that made them. */
  readonly keep: Iterable<string>;
  /** Only say what would be removed. */
  readonly dryRun?: boolean;
}

export interface CollectReport {
  readonly removedRecords: readonly string[];
  readonly removedFiles: number;
  /** Freed, or (dry run) what would be. */
  readonly removedBytes: number;
  readonly keptRecords: number;
  readonly keptFiles: number;
}

/**
 * Removes what nothing kept can reach. Safe beside running jobs: nothing used or written within the grace period goes, nor what a
 * live lock protects.
 * @throws LabError `store-unwritable`.
 */
export async function collect(context: StoreContext, options: CollectOptions): Promise<CollectReport> {
  const dryRun = options.dryRun ?? false;
  if (!dryRun) assertWritable(context);
  try {
    const locks = await liveLocks(context);
    const records = await readRecords(context);
    const roots = new Set([...options.keep, ...locks.keys, ...locks.protects]);
    for (const { key } of records) if (!(await isOld(context, context.paths.record(key)))) roots.add(key);
    const { keys, digests } = await reach(context, records, roots);

    const unreached = records.map(({ key }) => key).filter((key) => !keys.has(key));
    // Records go first: a record never outlives its content. One that a job has just used stays, and so does what it stands on.
    const used: string[] = [];
    if (!dryRun) {
      for (const key of unreached) if (!(await removeIfOld(context, context.paths.record(key)))) used.push(key);
    }
    const removedRecords = unreached.filter((key) => !used.includes(key));
    const spared = (await reach(context, records, new Set(used))).digests;
    const files = await removeContent(context, new Set([...digests, ...spared]), dryRun);
    await sweep(context, dryRun);
    if (!dryRun) await tidy(context);
    return { removedRecords, ...files, keptRecords: records.length - removedRecords.length };
  } catch (error) {
    throw storeFailure(error, "collecting garbage");
  }
}

/** The records and content that can be reached from the roots. */
async function reach(
  context: StoreContext,
  records: readonly ActionRecord[],
  roots: ReadonlySet<string>,
): Promise<{ readonly keys: ReadonlySet<string>; readonly digests: ReadonlySet<string> }> {
  const byKey = new Map(records.map((record) => [record.key, record]));
  const makers = new Map<string, string[]>();
  for (const { key, outputs } of records) {
    for (const { ref } of Object.values(outputs)) makers.set(ref, [...(makers.get(ref) ?? []), key]);
  }
  const reached = new Set<string>();
  const keys = new Set<string>();
  const digests = new Set<string>();
  const keepContent = async (ref: ArtifactRef): Promise<void> => {
    for (const digest of await digestsOf(context, ref)) digests.add(digest);
  };
  const queue = [...roots];
  for (let item = queue.pop(); item !== undefined; item = queue.pop()) {
    if (reached.has(item)) continue;
    reached.add(item);
    const record = byKey.get(item);
    if (record) {
      keys.add(item);
      // Its outputs by content only: other steps may have made the same bytes, such as an empty log, and are not needed for it.
      for (const { ref } of Object.values(record.outputs)) await keepContent(ref);
      queue.push(...Object.values(inputsOfDocument(record.document)));
    } else if (item.includes(":")) {
      await keepContent(item as ArtifactRef);
      queue.push(...(makers.get(item) ?? []));
    }
  }
  return { keys, digests };
}

async function digestsOf(context: StoreContext, ref: ArtifactRef): Promise<readonly string[]> {
  const { kind, digest } = parseRef(ref);
  if (kind === "file") return [digest];
  // A manifest that cannot be read keeps nothing alive; the step that made it runs again.
  const manifest = await readManifest(context, digest).catch(() => ({}));
  return [digest, ...Object.values(manifest).map((entry) => entry.digest)];
}

async function removeContent(
  context: StoreContext,
  keep: ReadonlySet<string>,
  dryRun: boolean,
): Promise<Pick<CollectReport, "removedFiles" | "removedBytes" | "keptFiles">> {
  let [removedFiles, removedBytes, keptFiles] = [0, 0, 0];
  for await (const { path, digest, size } of contentFiles(context)) {
    const goes = !keep.has(digest) && (await isOld(context, path)) && (dryRun || (await removeIfOld(context, path)));
    if (goes) {
      removedFiles++;
      removedBytes += size;
      context.hashed.delete(digest);
    } else keptFiles++;
  }
  return { removedFiles, removedBytes, keptFiles };
}

/** Every content file of the store. */
export async function* contentFiles(
  context: StoreContext,
): AsyncGenerator<{ readonly path: string; readonly digest: string; readonly size: number }> {
  for (const shard of await readdir(context.paths.contentFolder)) {
    for (const digest of await readdir(join(context.paths.contentFolder, shard)).catch(() => [])) {
      const path = join(context.paths.contentFolder, shard, digest);
      const found = await stat(path).catch(() => undefined);
      if (found?.isFile()) yield { path, digest, size: found.size };
    }
  }
}

async function isOld(context: StoreContext, path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && context.clock() - found.mtimeMs > context.graceMs;
}

/**
 * Moves the entry aside, looks again, and only then removes it: a job may have written or used it since we looked, and gets it back.
 * (Had the job looked in between, it would find it missing, and compute it again.)
 */
async function removeIfOld(context: StoreContext, path: string): Promise<boolean> {
  const aside = join(context.paths.temporaryFolder, ownedName(basename(path)));
  try {
    await rename(path, aside);
  } catch (error) {
    // Another collector was faster.
    if (systemCode(error) === "ENOENT") return true;
    throw error;
  }
  if (!(await isOld(context, aside))) {
    await rename(aside, path);
    return false;
  }
  await rm(aside, { force: true });
  return true;
}

/** Removes old locks that were given back, old logs and old quarantined entries. */
async function tidy(context: StoreContext): Promise<void> {
  for (const key of await readdir(context.paths.lockFolder)) await tidyLock(context, context.paths.locks(key));
  for (const folder of [context.paths.logFolder, context.paths.quarantineFolder]) {
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      if (await isOld(context, path)) await rm(path, { recursive: true, force: true });
    }
  }
}

async function tidyLock(context: StoreContext, folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const found = await stat(join(folder, name)).catch(() => undefined);
    // A lock given back has no time of its own; the inode's change time tells when that was.
    const old = found && isReleased(found.mtimeMs) && context.clock() - found.ctimeMs > context.graceMs;
    if (old) await rm(join(folder, name), { force: true });
  }
  await rmdir(folder).catch(() => {});
}

import { mkdir, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { LabError } from "../core/index.js";
import { storeFailure, writeWhole } from "../store/index.js";
import { birdInstructions, checkBird, importBird } from "./bird.js";
import { withClaim } from "./claim.js";
import type { Hub } from "./connection.js";
import { type DataLock, type DataSetName, type RowDataSet, SPLITS, type Split } from "./data-set.js";
import { downloadFile, type TransferProgress } from "./download.js";
import type { Repository } from "./failures.js";
import { type DataReport, dataSetFolder, inspectDataSet, ROW_DATA_SETS, readSplit } from "./inspect.js";
import { commitOf } from "./revision.js";
import type { CanonicalRows } from "./rows.js";

export interface GetOptions {
  /** The data folder. */
  readonly data: string;
  /** Opened only when something has to be fetched. */
  readonly hub: () => Hub;
  /** A file or folder to take the data from, in place of the Hub. */
  readonly from?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: TransferProgress) => void) | undefined;
  /** Told in a line what is being done. */
  readonly onNote?: ((line: string) => void) | undefined;
}

/** What `getDataSet` found or did. */
export type Got = DataReport & { readonly fetched: boolean };

/**
 * Brings a data set into the data folder, verified, and records where it came from. What is there already is checked
 * and stays; then
 * no request is sent. Calls at the same time, from any number of processes, wait for each other.
 *
 * @throws LabError `input-missing` (with instructions where the user must fetch something), `input-damaged`,
 *   `unreachable`, `cancelled`.
 * @example
 * const { files } = await getDataSet("gsm8k", { data: ".ilr/data", hub: () => openHub() });
 */
export async function getDataSet(name: DataSetName, options: GetOptions): Promise<Got> {
  const folder = dataSetFolder(options.data, name);
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw storeFailure(error, `making ${folder}`);
  });
  return withClaim(join(folder, ".claim"), options.signal, async () => {
    const before = await inspectDataSet(options.data, name);
    if (options.from === undefined && before.state === "verified") return { ...before, fetched: false };
    const rowSet = ROW_DATA_SETS[name];
    await (rowSet ? getRows(rowSet, folder, before, options) : getBird(folder, before, options));
    const after = await inspectDataSet(options.data, name);
    if (after.problem) throw after.problem;
    return { ...after, fetched: true };
  });
}

async function getBird(folder: string, before: DataReport, { from, signal, onNote }: GetOptions): Promise<void> {
  if (from !== undefined) await importBird(from, folder, signal, (path) => onNote?.(path));
  else if (before.state === "missing") {
    throw new LabError("input-missing", before.problem!.message, { hint: birdInstructions(folder) });
  } else if (before.problem) throw before.problem;
  await writeLock(folder, { dataSet: "bird", source: { kind: "files" }, files: await checkBird(folder), ...now() });
}

async function getRows(rowSet: RowDataSet, folder: string, before: DataReport, options: GetOptions): Promise<void> {
  if (options.from !== undefined) {
    const splits = await readAll(rowSet, (split) => findSplit(rowSet, options.from!, split));
    return publish(rowSet, folder, splits, { kind: "files" });
  }
  if (before.state === "unrecorded") {
    const splits = await readAll(rowSet, async (split) => join(folder, `${split}.jsonl`));
    return publish(rowSet, folder, splits, { kind: "files" });
  }
  // What the user put there is the user's: it is neither overwritten nor taken for something else.
  if (before.state === "damaged" && before.lock?.source.kind !== "hub") throw before.problem!;
  return fetchRows(rowSet, folder, options);
}

async function fetchRows(rowSet: RowDataSet, folder: string, { hub, onProgress, onNote }: GetOptions): Promise<void> {
  const opened = hub();
  const repository: Repository = { type: "dataset", name: rowSet.repository };
  const commit = await pinnedCommit(opened, repository, rowSet, onNote);
  onNote?.(`${rowSet.name}: ${rowSet.repository} at ${commit} from ${opened.endpoint}`);
  const downloads = join(folder, "download");
  const files: { path: string; size: number; sha256: string }[] = [];
  const fetchSplit = async (split: Split): Promise<string> => {
    const { path } = rowSet.splits[split];
    const target = join(downloads, basename(path));
    files.push({
      path,
      ...(await downloadFile(opened, { repository, revision: commit, path }, target, { onProgress })),
    });
    return target;
  };
  try {
    const splits = await readAll(rowSet, fetchSplit);
    await publish(rowSet, folder, splits, {
      ...{
        kind: "hub",
        endpoint: opened.endpoint,
        repository: rowSet.repository,
        revision: rowSet.revision,
        commit,
        files,
      },
    });
  } catch (error) {
    // Whole files that are not the data set are of no use to the next try; half ones are.
    if (error instanceof LabError && error.code === "input-damaged")
      await rm(downloads, { recursive: true, force: true });
    throw error;
  }
  await rm(downloads, { recursive: true, force: true });
}

/** The commit of the pinned revision. Where the rows themselves are pinned, any commit that has them will do. */
async function pinnedCommit(
  hub: Hub,
  repository: Repository,
  { revision, splits }: RowDataSet,
  onNote: GetOptions["onNote"],
): Promise<string> {
  try {
    return await commitOf(hub, repository, revision);
  } catch (error) {
    const contentPinned = SPLITS.every((split) => splits[split].digest !== undefined);
    if (!contentPinned || !(error instanceof LabError) || error.code !== "input-missing") throw error;
    onNote?.(`${hub.endpoint} has no commit ${revision}; taking main, the rows are checked in any case`);
    return commitOf(hub, repository, "main");
  }
}

async function readAll(
  rowSet: RowDataSet,
  pathOf: (split: Split) => Promise<string>,
): Promise<Readonly<Record<Split, CanonicalRows>>> {
  const read = async (split: Split): Promise<CanonicalRows> => readSplit(rowSet, split, await pathOf(split));
  const train = await read("train");
  return { train, test: await read("test") };
}

/** Rows first, the lock last: without it nothing counts as recorded. */
async function publish(
  { name }: RowDataSet,
  folder: string,
  splits: Readonly<Record<Split, CanonicalRows>>,
  source: DataLock["source"],
): Promise<void> {
  const files: Record<string, DataLock["files"][string]> = {};
  for (const split of SPLITS) {
    const { text, rows, digest } = splits[split];
    await writeWhole(join(folder, `${split}.jsonl`), text);
    files[`${split}.jsonl`] = { size: Buffer.byteLength(text), rows, digest };
  }
  await writeLock(folder, { dataSet: name, source, files, ...now() });
}

function writeLock(folder: string, lock: DataLock): Promise<void> {
  return writeWhole(join(folder, "lock.json"), `${JSON.stringify(lock, null, 2)}\n`);
}

function now(): { readonly fetched: string } {
  return { fetched: new Date().toISOString() };
}

/** The file of a split in what the user named: a folder, or one of its files. */
async function findSplit({ splits }: RowDataSet, from: string, split: Split): Promise<string> {
  const isFile = (path: string): Promise<boolean> =>
    stat(path).then(
      (found) => found.isFile(),
      () => false,
    );
  const names = [
    `${split}.jsonl`,
    `${split}.json`,
    `${split}.parquet`,
    splits[split].path,
    basename(splits[split].path),
  ];
  const folder = (await isFile(from)) ? dirname(from) : from;
  for (const name of names) if (await isFile(join(folder, name))) return join(folder, name);
  throw new LabError("input-missing", `${folder} has none of ${names.join(", ")}`, {
    hint: "--from takes a folder with both splits, train and test, or one of the two files",
  });
}

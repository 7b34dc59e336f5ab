import { mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type Json, LabError, nearestName } from "../core/index.js";
import type { ArtifactRef } from "../steps/index.js";
import { checkRef } from "./check.js";
import type { Basis, Problem } from "./check-file.js";
import {
  formatRows,
  parseRef,
  parseRows,
  putBytes,
  putFile,
  putTree,
  type Row,
  readContent,
  readManifest,
} from "./content.js";
import { assertWritable, type Clock, type HitCheck, type StoreContext } from "./context.js";
import { type Explanation, explain } from "./explain.js";
import { storeFailure, systemCode } from "./failures.js";
import { makeFolder } from "./folder.js";
import { type CollectOptions, type CollectReport, collect } from "./gc.js";
import { layoutOf } from "./layout.js";
import { type Lock, tryLock, waitForLock } from "./locks.js";
import { readLog, removeLog, writeLog } from "./logs.js";
import { lookup } from "./lookup.js";
import { type Manifest, manifestSize } from "./manifest.js";
import { type MaterialiseMode, materialise } from "./materialise.js";
import { ownedName } from "./processes.js";
import {
  type ActionDocument,
  type ActionRecord,
  readRecord,
  readRecords,
  recordKeys,
  touchRecord,
  writeRecord,
} from "./records.js";
import { discard, sweep } from "./sweep.js";
import { type StoreReport, verifyStore } from "./verify.js";

/** A longer interval would overflow the timer's 32 bits, and fire all the time. */
const LONGEST_TIMER = 24 * 3_600_000;

export interface StoreOptions {
  /** Receives what a person should know: damage found, locks taken over. Default: process warnings. */
  readonly warn?: (message: string) => void;
  readonly clock?: Clock;
  /** How hits are checked. `sampled` (default) reads every file up to 64 MiB and an eighth of the larger ones. */
  readonly hitCheck?: HitCheck;
  /** Uniform in [0, 1), for the sampling. */
  readonly chance?: () => number;
  /** A lock that its owner has not renewed for this long may be taken over. Default: a minute. */
  readonly leaseMs?: number;
  /** Nothing used within this time is ever collected. Default: a day. */
  readonly graceMs?: number;
}

/** What `put` operations return: the reference and the size in bytes (of a tree: of all its files). */
export interface Stored {
  readonly ref: ArtifactRef;
  readonly size: number;
}

/**
 * Content by digest, and records of what made it. Every operation that writes throws LabError `store-unwritable` or `store-full`
 * when it cannot, and leaves nothing half-written.
 */
export interface Store {
  readonly root: string;
  /** False for a store that can only be read. */
  readonly writable: boolean;
  readonly clock: Clock;
  readonly warn: (message: string) => void;

  putBytes(data: Uint8Array | string): Promise<Stored>;
  /** Stores rows as JSON Lines. */
  putRows(rows: readonly Row[]): Promise<Stored>;
  putFile(path: string): Promise<Stored>;
  putTree(folder: string): Promise<Stored>;

  /** The bytes of a file, or of the file at `path` inside a tree; checked against the digest. */
  readBytes(ref: ArtifactRef, path?: string): Promise<Uint8Array>;
  /** The rows of a JSON Lines file; `R` is taken on trust. */
  readRows<R>(ref: ArtifactRef): Promise<readonly R[]>;
  readManifest(ref: ArtifactRef): Promise<Manifest>;
  /** Where a file of the store lies, to be opened for reading only. */
  pathOf(ref: ArtifactRef, path?: string): Promise<string>;
  /** Puts an artifact at a path that must not exist yet. */
  materialise(ref: ArtifactRef, target: string, mode?: MaterialiseMode): Promise<void>;
  /** What is wrong with an artifact; empty when it is whole. */
  verify(ref: ArtifactRef, basis: Basis): Promise<readonly Problem[]>;

  /** The record of a key if its outputs are all there and whole (a hit); damage is quarantined and said aloud. */
  lookup(key: string): Promise<ActionRecord | undefined>;
  /** The record of a key, without a look at its outputs. */
  record(key: string): Promise<ActionRecord | undefined>;
  records(): Promise<readonly ActionRecord[]>;
  /** Publishes a record, after its outputs; from then on its step is a hit. */
  publish(record: ActionRecord): Promise<void>;
  /**
   * Notes again and again, a few times within the grace period, that some records are in use: a run that takes days still needs what it
   * found on its first. Returns what ends it; does not keep the process alive.
   */
  keepInUse(keys: () => Iterable<string>): () => void;
  /** The full key that starts with these digits. @throws LabError `name-unknown` if none or several do. */
  findKey(prefix: string): Promise<string>;

  tryLock(key: string, protects?: readonly string[]): Promise<Lock | undefined>;
  /** Waits for the lock; undefined as soon as `isDone` says that it is not needed any more. */
  waitForLock(
    key: string,
    options?: { readonly signal?: AbortSignal | undefined; readonly isDone?: () => Promise<boolean> },
  ): Promise<Lock | undefined>;
  /** A new scratch folder for a step, removed by `remove` or, if this process dies, when the store is next opened. */
  scratch(key: string): Promise<{ readonly path: string; remove(): Promise<void> }>;

  /** Leaves the log of a failed step, and returns its path. */
  writeLog(key: string, lines: readonly Json[]): Promise<string>;
  readLog(key: string): Promise<readonly Json[] | undefined>;
  removeLog(key: string): Promise<void>;

  /** Why a step would run: which field differs from the nearest recorded one. Takes a document, or a key that ran or failed. */
  explain(what: ActionDocument | string): Promise<Explanation>;
  gc(options: CollectOptions): Promise<CollectReport>;
  /** Checks the whole store. */
  verifyAll(basis?: Basis): Promise<StoreReport>;
}

/**
 * Opens the store at a folder, making it if need be, and removes what dead processes left there. A store that exists but cannot be
 * written opens for reading.
 *
 * @throws LabError `store-unwritable`, `store-full`.
 * @example
 * const store = await openStore(".ilr/store");
 * const { ref } = await store.putRows([{ id: "q1", prompt: "2+2=" }]);
 */
export async function openStore(root: string, options: StoreOptions = {}): Promise<Store> {
  const paths = layoutOf(resolve(root));
  const context: StoreContext = {
    paths,
    writable: await prepare(paths.root, paths.folders),
    clock: options.clock ?? Date.now,
    warn: options.warn ?? ((message) => process.emitWarning(message, "StoreWarning")),
    hitCheck: options.hitCheck ?? "sampled",
    chance: options.chance ?? Math.random,
    leaseMs: options.leaseMs ?? 60_000,
    graceMs: options.graceMs ?? 24 * 3_600_000,
    hashed: new Map(),
  };
  if (context.writable) await sweep(context);
  return { ...contentOperations(context), ...recordOperations(context), ...upkeep(context) };
}

type Content = Pick<
  Store,
  | "putBytes"
  | "putRows"
  | "putFile"
  | "putTree"
  | "readBytes"
  | "readRows"
  | "readManifest"
  | "pathOf"
  | "materialise"
  | "verify"
>;

function contentOperations(context: StoreContext): Content {
  const file = (stored: { digest: string; size: number }): Stored => ({
    ref: `file:${stored.digest}`,
    size: stored.size,
  });
  const putText = async (data: Uint8Array | string): Promise<Stored> => file(await putBytes(context, data));
  const manifestOf = async (ref: ArtifactRef): Promise<Manifest> => readManifest(context, parseRef(ref).digest);
  const digestAt = async (ref: ArtifactRef, path: string | undefined): Promise<string> => {
    if (parseRef(ref).kind === "file") return parseRef(ref).digest;
    const manifest = await manifestOf(ref);
    const entry = path === undefined ? undefined : manifest[path];
    if (entry) return entry.digest;
    const names = Object.keys(manifest);
    throw new LabError("input-missing", `${ref} has no file ${JSON.stringify(path ?? "")}`, {
      hint: `it holds ${names.slice(0, 8).join(", ")}${nearestName(path ?? "", names) ? `; ${nearestName(path ?? "", names)}?` : ""}`,
    });
  };
  return {
    putBytes: putText,
    putRows: (rows) => putText(formatRows(rows)),
    putFile: async (path) => file(await putFile(context, path)),
    putTree: async (folder) => {
      const { digest, manifest } = await putTree(context, folder);
      return { ref: `tree:${digest}`, size: manifestSize(manifest) };
    },
    readBytes: async (ref, path) => readContent(context, await digestAt(ref, path)),
    readRows: async <R>(ref: ArtifactRef) => {
      const text = new TextDecoder().decode(await readContent(context, await digestAt(ref, undefined)));
      return parseRows(text, ref) as readonly unknown[] as readonly R[];
    },
    readManifest: manifestOf,
    pathOf: async (ref, path) => context.paths.content(await digestAt(ref, path)),
    materialise: (ref, target, mode) => materialise(context, ref, target, mode),
    verify: (ref, basis) => checkRef(context, ref, basis),
  };
}

type Records = Pick<
  Store,
  | "lookup"
  | "record"
  | "records"
  | "publish"
  | "keepInUse"
  | "findKey"
  | "tryLock"
  | "waitForLock"
  | "scratch"
  | "writeLog"
  | "readLog"
  | "removeLog"
>;

function recordOperations(context: StoreContext): Records {
  return {
    lookup: (key) => lookup(context, key),
    record: (key) => readRecord(context, key),
    records: () => readRecords(context),
    publish: (record) => writeRecord(context, record),
    keepInUse: (keys) => keepInUse(context, keys),
    findKey: (prefix) => findKey(context, prefix),
    tryLock: (key, protects) => tryLock(context, key, protects),
    waitForLock: (key, options) => waitForLock(context, key, options),
    scratch: (key) => makeScratch(context, key),
    writeLog: (key, lines) => writeLog(context, key, lines),
    readLog: (key) => readLog(context, key),
    removeLog: (key) => removeLog(context, key),
  };
}

function upkeep(
  context: StoreContext,
): Pick<Store, "root" | "writable" | "clock" | "warn" | "explain" | "gc" | "verifyAll"> {
  return {
    root: context.paths.root,
    writable: context.writable,
    clock: context.clock,
    warn: context.warn,
    explain: async (what) => explain(context, typeof what === "string" ? await documentOf(context, what) : what),
    gc: (options) => collect(context, options),
    verifyAll: (basis) => verifyStore(context, basis),
  };
}

/** Makes the folders and tries to write. False: it exists and can be read only. */
async function prepare(root: string, folders: readonly string[]): Promise<boolean> {
  const probe = join(root, "tmp", ownedName("probe"));
  try {
    for (const folder of folders) await makeFolder(folder);
    await writeFile(probe, "");
    await rm(probe, { force: true });
    return true;
  } catch (error) {
    await discard(probe);
    const failure = storeFailure(error, `opening the store ${root}`);
    const exists = await stat(join(root, "cas")).catch(() => undefined);
    if (failure.code === "store-unwritable" && exists?.isDirectory()) return false;
    throw failure;
  }
}

function keepInUse(context: StoreContext, keys: () => Iterable<string>): () => void {
  const touchAll = async (): Promise<void> => {
    for (const key of [...keys()]) await touchRecord(context, key);
  };
  const timer = setInterval(() => void touchAll(), Math.min(context.graceMs / 4, LONGEST_TIMER));
  timer.unref();
  return () => clearInterval(timer);
}

async function makeScratch(context: StoreContext, key: string): Promise<{ path: string; remove(): Promise<void> }> {
  assertWritable(context);
  const path = join(context.paths.workFolder, ownedName(key));
  try {
    await mkdir(path);
  } catch (error) {
    throw storeFailure(error, "making a scratch folder");
  }
  return { path, remove: () => discard(path) };
}

async function findKey(context: StoreContext, prefix: string): Promise<string> {
  const logs = await readdir(context.paths.logFolder).catch((error: unknown) => {
    if (systemCode(error) === "ENOENT") return [];
    throw storeFailure(error, "listing the logs");
  });
  const keys = [...(await recordKeys(context)), ...logs.map((name) => name.replace(/\.jsonl$/, ""))];
  const found = [...new Set(keys)].filter((key) => key.startsWith(prefix));
  if (found.length === 1 && prefix.length > 0) return found[0]!;
  const problem = found.length === 0 ? "no recorded step has a key that starts" : `${found.length} keys start`;
  throw new LabError("name-unknown", `${problem} with ${JSON.stringify(prefix)}`, {
    hint: "give more digits of a key",
  });
}

/** The document of a key that has a record, or failed and left a log. */
async function documentOf(context: StoreContext, prefix: string): Promise<ActionDocument> {
  const key = await findKey(context, prefix);
  const record = await readRecord(context, key);
  if (record) return record.document;
  const [head] = (await readLog(context, key)) ?? [];
  return (head as unknown as { document: ActionDocument }).document;
}

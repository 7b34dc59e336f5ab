/**
 * Locks between processes, made of exclusive creation only, so that they hold on network file systems too.
 *
 * The lock of a key is a folder of numbered files; the highest number owns it. Whoever finds it released, expired or of a dead
 * owner creates the next number, and creation is won by one. Nothing is renamed or overwritten, so that a slow process cannot take
 * away a lock that has changed hands meanwhile. The lease is the file's modification time: the owner renews it, and gives the lock
 * back by setting it to the epoch. Clocks jump, and differ between hosts: a lease has run out when somebody has seen it unchanged for
 * as long as it is, and never because of what a clock says.
 */
import { randomBytes } from "node:crypto";
import { link, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sleep } from "../core/index.js";
import { assertWritable, type StoreContext } from "./context.js";
import { storeFailure, systemCode } from "./failures.js";
import { makeFolder } from "./folder.js";
import { isAlive, type ProcessIdentity, thisProcess } from "./processes.js";

/** A held lock. */
export interface Lock {
  readonly key: string;
  /** Aborted when the lock was taken over by another process, because this one looked dead for a whole lease. */
  readonly lost: AbortSignal;
  /** Gives the lock back; never throws. */
  release(): Promise<void>;
}

const RELEASED_BEFORE = Date.UTC(2000, 0, 1);

/** What a lock is written as before it gets its number. */
const DRAFT = "draft-";

interface Owner extends ProcessIdentity {
  readonly token: string;
  /** References that the owner is using; the collector spares them. */
  readonly protects: readonly string[];
}

/** What one waiting process has seen of a lock; lets it notice an owner that stopped renewing, whatever the clocks say. */
interface Watch {
  state: string;
  since: number;
}

const firstLook = (): Watch => ({ state: "", since: performance.now() });

/** Takes the lock if it is free (or its owner is dead, or `watch` has seen the lease expire); undefined if somebody holds it. */
export async function tryLock(
  context: StoreContext,
  key: string,
  protects: readonly string[] = [],
  watch: Watch = firstLook(),
): Promise<Lock | undefined> {
  assertWritable(context);
  const folder = context.paths.locks(key);
  try {
    await makeFolder(folder);
    const last = Math.max(0, ...(await generations(folder)));
    const state = last === 0 ? "released" : await stateOf(context, join(folder, String(last)), watch);
    if (state === "held") return undefined;
    const lock = await take(context, key, folder, last + 1, protects);
    if (lock && state !== "released") {
      const why = state === "dead" ? "has died" : "gave no sign of life for a whole lease";
      context.warn(`the process that was computing ${key.slice(0, 12)} ${why}; taking over`);
    }
    return lock;
  } catch (error) {
    throw storeFailure(error, `locking ${key}`);
  }
}

/**
 * Waits until the lock is free and takes it, or until `isDone` says that it is not needed any more (then undefined).
 * @throws LabError `cancelled`.
 */
export async function waitForLock(
  context: StoreContext,
  key: string,
  options: {
    readonly signal?: AbortSignal | undefined;
    readonly protects?: readonly string[];
    readonly isDone?: () => Promise<boolean>;
  } = {},
): Promise<Lock | undefined> {
  const watch = firstLook();
  for (let pause = 25; ; pause = Math.min(500, pause * 1.5)) {
    if (await options.isDone?.()) return undefined;
    const lock = await tryLock(context, key, options.protects, watch);
    if (lock) return lock;
    await sleep(pause, options.signal);
  }
}

/** The references that live locks protect from collection, and the keys that are locked. */
export async function liveLocks(
  context: StoreContext,
): Promise<{ readonly keys: ReadonlySet<string>; readonly protects: readonly string[] }> {
  const keys = new Set<string>();
  const protects: string[] = [];
  for (const key of await readdir(context.paths.lockFolder)) {
    const folder = context.paths.locks(key);
    const last = Math.max(0, ...(await generations(folder)));
    if (last === 0 || (await stateOf(context, join(folder, String(last)))) !== "held") continue;
    keys.add(key);
    protects.push(...((await readOwner(join(folder, String(last))))?.protects ?? []));
  }
  return { keys, protects };
}

/** The generations that exist, and (as the folder may be collected meanwhile) none if it is gone. */
async function generations(folder: string): Promise<readonly number[]> {
  try {
    return (await readdir(folder)).map(Number).filter((number) => Number.isInteger(number) && number > 0);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
}

async function take(
  context: StoreContext,
  key: string,
  folder: string,
  generation: number,
  protects: readonly string[],
): Promise<Lock | undefined> {
  const path = join(folder, String(generation));
  const owner: Owner = { ...thisProcess(), token: randomBytes(8).toString("hex"), protects };
  const draft = join(folder, `${DRAFT}${owner.token}`);
  try {
    await writeFile(draft, JSON.stringify(owner), { flag: "wx" });
    await utimes(draft, stamp(context), stamp(context));
    // The lock appears with its owner in it: a process that is killed here leaves no nameless lock to wait a lease for.
    await link(draft, path);
  } catch (error) {
    // Somebody was faster, or the collector removed the unused folder: the caller tries again.
    if (systemCode(error) === "EEXIST" || systemCode(error) === "ENOENT") return undefined;
    throw error;
  } finally {
    await rm(draft, { force: true }).catch(() => {});
  }
  const existing = await generations(folder);
  if (Math.max(...existing) > generation) {
    // While we slept, others took the lock and tidied up; ours is not the highest number.
    await rm(path, { force: true });
    return undefined;
  }
  for (const old of existing) if (old < generation) await rm(join(folder, String(old)), { force: true });
  // Drafts of the dead; one of a living process that is just late makes it try again.
  for (const name of await readdir(folder)) if (name.startsWith(DRAFT)) await rm(join(folder, name), { force: true });
  return holdLock(context, key, folder, generation);
}

function holdLock(context: StoreContext, key: string, folder: string, generation: number): Lock {
  const path = join(folder, String(generation));
  const lost = new AbortController();
  const renew = async (): Promise<void> => {
    const existing = await generations(folder);
    if (Math.max(0, ...existing) === generation) await utimes(path, stamp(context), stamp(context));
    else lost.abort();
  };
  // A failed renewal is not fatal: the lease outlives several.
  let renewing = Promise.resolve();
  const timer = setInterval(() => {
    renewing = renew().catch(() => {});
  }, context.leaseMs / 5);
  timer.unref();
  return {
    key,
    lost: lost.signal,
    release: async () => {
      clearInterval(timer);
      // A renewal under way would take the lock again.
      await renewing;
      if (!lost.signal.aborted) await giveBack(path, context.leaseMs / 5);
    },
  };
}

/**
 * A disk that is read-only or away just now may come back, and this process, which lives, would keep the lock that it does not hold: it
 * tries again, as long as it lives, at most `longest` ms later.
 */
async function giveBack(path: string, longest: number, delay = 50): Promise<void> {
  try {
    await utimes(path, 0, 0);
  } catch (error) {
    // Taken over, and tidied away.
    if (systemCode(error) === "ENOENT") return;
    setTimeout(() => void giveBack(path, longest, Math.min(2 * delay, longest)), delay).unref();
  }
}

/** Whether a lock file still counts, or why it does not. */
async function stateOf(
  context: StoreContext,
  path: string,
  watch?: Watch,
): Promise<"held" | "released" | "dead" | "expired"> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || isReleased(found.mtimeMs)) return "released";
  const owner = await readOwner(path);
  if (owner && isAlive(owner) === false) return "dead";
  if (watch === undefined) {
    // The collector does not wait. What belongs to a living process counts, whatever the time; of others, their last sign of life.
    const isForgotten = context.clock() - found.mtimeMs > Math.max(context.leaseMs, context.graceMs);
    return isForgotten && !(owner && isAlive(owner)) ? "expired" : "held";
  }
  const state = `${path} ${found.mtimeMs}`;
  if (watch.state !== state) Object.assign(watch, { state, since: performance.now() });
  return performance.now() - watch.since > context.leaseMs ? "expired" : "held";
}

/** A lock given back has the epoch as its time; some file systems cannot store a year before 1980. */
export function isReleased(mtimeMs: number): boolean {
  return mtimeMs < RELEASED_BEFORE;
}

/** The time of a lock that is held, in seconds: later each time, and never one that means "given back", whatever the clock says. */
function stamp(context: StoreContext): number {
  return Math.max(context.clock(), RELEASED_BEFORE + 1000 + performance.now()) / 1000;
}

/** Undefined for a lock that cannot be read: then only the lease counts. */
async function readOwner(path: string): Promise<Owner | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as Owner;
  } catch {
    return undefined;
  }
}

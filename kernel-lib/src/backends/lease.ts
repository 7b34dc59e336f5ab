import { readFile, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isAlive, type ProcessIdentity, systemCode, thisProcess } from "../store/index.js";

/** How often an owner renews its lease, and after how long without renewal it counts as gone, in ms. */
const RENEWAL = 10_000;
const LEASE = 60_000;

/** Where the lease of a job lies: beside its step, as a container's labels cannot change when its owner does. */
export function leaseFile(directory: string): string {
  return join(directory, "lease.json");
}

/** This process as a label. */
export function ownerLabel(): string {
  const { host, pid, start } = thisProcess();
  return `${host}.${pid}.${start}`;
}

/** Whether a label is of a process of this machine, since it was started, and so of one that sees the same folders. */
export function isOfThisHost(label: string): boolean {
  return label.startsWith(`${thisProcess().host}.`);
}

/** Says that this process follows the job of a folder, and goes on saying so. @returns ends it. */
export async function holdLease(directory: string): Promise<() => void> {
  const path = leaseFile(directory);
  await writeFile(path, JSON.stringify(thisProcess()));
  const timer = setInterval(() => {
    const now = new Date();
    // The folder may be gone, with the job.
    utimes(path, now, now).catch(() => {});
  }, RENEWAL);
  timer.unref();
  return () => clearInterval(timer);
}

/** Who follows a job. */
export interface Owner {
  readonly isAlive: boolean;
  /** Since when there is no sign of life, in ms since the epoch; undefined where no lease is left. */
  readonly lastSeen: number | undefined;
}

/** Whether somebody follows the job of a folder: by process where it can be seen, by lease from elsewhere. */
export async function ownerOf(directory: string, clock: () => number = Date.now): Promise<Owner> {
  const path = leaseFile(directory);
  const found = await stat(path).catch(systemCode);
  // What belongs to another user cannot be judged, and so is left alone.
  if (typeof found === "string") return { isAlive: found !== "ENOENT", lastSeen: undefined };
  if (found === undefined) return { isAlive: true, lastSeen: undefined };
  const alive = isAliveText(await readFile(path, "utf8").catch(() => ""));
  return { isAlive: alive ?? clock() - found.mtimeMs < LEASE, lastSeen: found.mtimeMs };
}

function isAliveText(text: string): boolean | undefined {
  try {
    return isAlive(JSON.parse(text) as ProcessIdentity);
  } catch {
    return undefined;
  }
}

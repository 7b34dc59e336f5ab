import { randomBytes } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { sha256 } from "../core/index.js";

/** A process, told apart from later ones with the same pid. */
export interface ProcessIdentity {
  /** Names a set of processes that can see each other by pid: host, boot and pid namespace, hashed. */
  readonly host: string;
  readonly pid: number;
  /** Start time in clock ticks since boot; 0 where the system does not tell. */
  readonly start: number;
}

const HOST = sha256(
  [hostname(), readOr("/proc/sys/kernel/random/boot_id"), linkOr("/proc/self/ns/pid")].join("\n"),
).slice(0, 12);

/** The process that runs this code. */
export function thisProcess(): ProcessIdentity {
  return { host: HOST, pid: process.pid, start: startTime(process.pid) ?? 0 };
}

/** Whether a process lives; undefined when it cannot be seen from here (another host or container). */
export function isAlive(identity: ProcessIdentity): boolean | undefined {
  if (identity.host !== HOST) return undefined;
  try {
    process.kill(identity.pid, 0);
  } catch (error) {
    // EPERM: it exists, but belongs to another user.
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return false;
  }
  const start = startTime(identity.pid);
  return start === undefined || identity.start === 0 || start === identity.start;
}

/** A file name that tells who made it: `<prefix>.<host>.<pid>.<start>.<random>`. */
export function ownedName(prefix: string): string {
  const { host, pid, start } = thisProcess();
  return `${prefix}.${host}.${pid}.${start}.${randomBytes(6).toString("hex")}`;
}

/** Who made a file with an owned name; undefined for other names. */
export function ownerOfName(name: string): ProcessIdentity | undefined {
  const match = /\.([0-9a-f]{12})\.(\d+)\.(\d+)\.[0-9a-f]{12}$/.exec(name);
  return match ? { host: match[1]!, pid: Number(match[2]), start: Number(match[3]) } : undefined;
}

function startTime(pid: number): number | undefined {
  const stat = readOr(`/proc/${pid}/stat`);
  // The second field is the command in parentheses and may hold spaces; a zombie (Z) is as good as dead.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (fields[0] === "Z") return -1;
  const ticks = Number(fields[19]);
  return stat === "" || !Number.isFinite(ticks) ? undefined : ticks;
}

function readOr(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function linkOr(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

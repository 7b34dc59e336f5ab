import { readFileSync, writeFileSync } from "node:fs";

/** What reading may take whatever is read: parsers, caches, garbage that was not collected yet. */
const FREE = 64 * 2 ** 20;
/** What a byte of input may take: text of two bytes a character, its objects, a copy of them. */
const PER_BYTE = 40;

/** The process's memory now and at its highest since `restart`, in bytes. Zero where the system does not tell. */
function resident(): { readonly now: number; readonly most: number } {
  try {
    const status = readFileSync("/proc/self/status", "latin1");
    const field = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) * 1024;
    return { now: field("VmRSS"), most: field("VmHWM") };
  } catch {
    return { now: 0, most: 0 };
  }
}

function restart(): void {
  try {
    writeFileSync("/proc/self/clear_refs", "5");
  } catch {
    // The highest counts from the process's start then; too much is seen all the same.
  }
}

/** Bytes that an action takes beyond what an input of this size may take; measured again, after the garbage's collection, before it counts. */
export async function memoryBeyond(action: () => Promise<void>, size: number): Promise<number> {
  const first = await taken(action);
  const allowed = FREE + PER_BYTE * size;
  if (first <= allowed) return 0;
  globalThis.gc?.();
  return Math.max(0, (await taken(action)) - allowed);
}

async function taken(action: () => Promise<void>): Promise<number> {
  restart();
  const before = { resident: resident().now, buffers: process.memoryUsage().arrayBuffers };
  await action();
  // Memory that was asked for and never touched is in no resident set.
  const buffers = process.memoryUsage().arrayBuffers - before.buffers;
  return Math.max(resident().most - before.resident, buffers);
}

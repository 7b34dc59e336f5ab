import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import type { EventStream } from "../contract/event-stream.js";

const CHUNK = 1 << 20;

/** Reads what a trainer writes into files, each byte once. */
export interface LogFiles {
  /** Takes what is new. @returns bytes taken so far. */
  read(): Promise<{ readonly stdout: number; readonly stderr: number }>;
}

/** @param start folder with `stdout` and `stderr`. */
export function logFiles(start: string, stream: EventStream): LogFiles {
  const at = { stdout: 0, stderr: 0 };
  return {
    read: async () => {
      for (const source of ["stdout", "stderr"] as const) {
        at[source] = await readFrom(join(start, source), at[source], (chunk) => stream.write(chunk, source));
      }
      return { ...at };
    },
  };
}

/** Opened anew each time: that is when a network file system looks whether there is more. @returns the new position. */
async function readFrom(path: string, from: number, take: (chunk: Buffer) => void): Promise<number> {
  let file: FileHandle;
  try {
    file = await open(path);
  } catch {
    return from;
  }
  try {
    let at = from;
    const buffer = Buffer.allocUnsafe(CHUNK);
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, CHUNK, at);
      if (bytesRead === 0) return at;
      take(buffer.subarray(0, bytesRead));
      at += bytesRead;
    }
  } finally {
    await file.close();
  }
}

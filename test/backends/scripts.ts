import { type ChildProcess, fork } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";

export interface Script {
  readonly child: ChildProcess;
  /** The first line of output that starts with a word; rejects if the script ends without it. */
  line(word: string): Promise<string>;
  /** Exit code, or null if it was killed. */
  readonly ended: Promise<number | null>;
  readonly output: () => string;
}

/** Starts a TypeScript file beside this one as a process of its own. */
export function startScript(name: string, env: Readonly<Record<string, string>>): Script {
  const child = fork(fileURLToPath(new URL(name, import.meta.url)), {
    execArgv: ["--import", pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href],
    env: { ...process.env, ...env },
    silent: true,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (output += String(chunk)));
  let isOver = false;
  const ended = new Promise<number | null>((resolve) => {
    child.on("close", (code) => {
      isOver = true;
      resolve(code);
    });
  });
  const line = async (word: string): Promise<string> => {
    for (;;) {
      const found = output.split("\n").find((text) => text.startsWith(word));
      if (found !== undefined) return found;
      if (isOver) throw new Error(`the script ended without "${word}":\n${output}`);
      await pause(10);
    }
  };
  return { child, ended, line, output: () => output };
}

/** Whether a process exists and is not a zombie. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    // What nobody has waited for yet is listed, but does not run.
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return !existsSync("/proc/self/stat");
  }
}

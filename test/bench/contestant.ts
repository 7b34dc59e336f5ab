/** One side of a comparison: a process of its own that answers each line of JSON with a line of JSON, so that both sides can take turns. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { WORKER_OPTIONS } from "../../kernel-lib/src/backends/embedded-process.js";

/** What one turn took, as the process itself measured it. */
export interface Turn {
  /** Wall-clock seconds. */
  readonly wall: number;
  /** Processor seconds of all threads. */
  readonly cpu: number;
  /** Most memory that the process had in this turn, MB (10^6 bytes), and what it had before. */
  readonly peak: number;
  readonly before: number;
}

export interface Contestant {
  ask<T extends object = Turn>(message: object): Promise<T>;
  close(): Promise<void>;
}

/** The Python that has the peers' packages. */
export const python = process.env.ILR_BENCH_PYTHON ?? "python3";

/** One thread and no network for every peer. */
const environment = {
  ...process.env,
  OMP_NUM_THREADS: "1",
  MKL_NUM_THREADS: "1",
  TOKENIZERS_PARALLELISM: "false",
  HF_HUB_OFFLINE: "1",
  TQDM_DISABLE: "1",
};

const here = (name: string): string => fileURLToPath(new URL(`./${name}`, import.meta.url));

/** A TypeScript file of this folder in a process of its own, with the options that the kit's workers have. */
export const nodeContestant = (file: string, args: readonly string[] = []): Contestant =>
  contestant(process.execPath, [...WORKER_OPTIONS, "--import", "tsx", here(file), ...args]);

/** A Python file of this folder in a process of its own. */
export const pythonContestant = (file: string, args: readonly string[] = []): Contestant =>
  contestant(python, [here(file), ...args]);

function contestant(command: string, args: readonly string[]): Contestant {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"], env: environment });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask<T>(message: object) {
      child.stdin.write(`${JSON.stringify(message)}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`${args.join(" ")} ended without an answer`);
      return JSON.parse(value) as T;
    },
    async close() {
      if (child.exitCode !== null) return;
      const ended = once(child, "close");
      child.stdin.end();
      await ended;
    },
  };
}

/** Versions of a peer, as its script prints them; undefined (and a line that says so) where this machine does not have it. */
export function peerVersions(file: string): string | undefined {
  const { status, stdout, stderr } = spawnSync(python, [here(file), "--version"], {
    encoding: "utf8",
    env: environment,
  });
  if (status === 0) return stdout.trim();
  console.log(`no peer: ${python} cannot run ${file} (${(stderr ?? "").trim().split("\n").at(-1) ?? ""})`);
  console.log("set ILR_BENCH_PYTHON to a Python with torch, transformers, trl and datasets");
  return undefined;
}

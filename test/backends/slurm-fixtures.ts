/** A Slurm of the test's own (.ci/slurm), whose controller and nodes it may kill. Needs root, slurm-wlm and munge. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type SlurmOptions, slurmBackend } from "../../kernel-lib/src/backends/index.js";

const script = fileURLToPath(new URL("../../.ci/slurm", import.meta.url));
const trainer = fileURLToPath(new URL("scripted-trainer.mjs", import.meta.url));

export const scripted = [process.execPath, trainer] as const;

/** Clusters take their time; tests do not. */
export const hurry = {
  tickMs: 50,
  pollMs: 300,
  graceMs: 1500,
  patienceMs: 30_000,
  impossibleMs: 1000,
  silenceMs: 4000,
  noticeMs: 60_000,
} as const;

export interface OwnSlurm {
  /** Starts it, and makes it the one that this process talks to. */
  start(): void;
  /** Something that `.ci/slurm` can do to it, such as `kill-node`. */
  do(command: string, ...args: readonly string[]): void;
  stop(): void;
}

/** Whether a test may start a Slurm here. @throws if it must (ILR_REQUIRE_SLURM=1) and cannot. */
export function canStartSlurm(): boolean {
  try {
    if (process.platform !== "linux" || process.getuid?.() !== 0) throw new Error("tests of Slurm need root on Linux");
    const env = { ...process.env, PATH: `/usr/sbin:${process.env.PATH}` };
    for (const program of ["slurmctld", "slurmd", "munged"]) execFileSync(program, ["-V"], { stdio: "ignore", env });
    return true;
  } catch (error) {
    if (process.env.ILR_REQUIRE_SLURM === "1") throw error;
    return false;
  }
}

export function ownSlurm(): OwnSlurm {
  const folder = mkdtempSync(join(tmpdir(), "ilr-slurm-"));
  const act = (command: string, ...args: readonly string[]): void => {
    execFileSync(script, [command, folder, ...args], { stdio: ["ignore", "ignore", "inherit"] });
  };
  return {
    start: () => {
      act("start");
      process.env.SLURM_CONF = join(folder, "slurm.conf");
    },
    do: act,
    stop: () => {
      act("stop");
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** The backend with the scripted trainer, in a hurry. */
export async function scriptedSlurm({ site, ...options }: SlurmOptions = {}): ReturnType<typeof slurmBackend> {
  const given = typeof site === "object" ? site : {};
  return slurmBackend({
    ...{ pace: hurry, workers: 4, beatSeconds: 1, ...options },
    site: { ...given, trainer: { command: [...scripted], ...given.trainer } },
  });
}

/** What one of Slurm's commands prints. */
export function slurmSays(command: string, ...args: readonly string[]): string {
  return execFileSync(command, args, { encoding: "utf8" });
}

export const ticks = (count: number): readonly string[] => Array.from({ length: count }, (_, k) => `tick ${k + 1}`);

/** How often a step with the order `mark` was started. */
export const starts = (file: string): number => (existsSync(file) ? readFileSync(file, "utf8").length : 0);

/** Jobs that wait or run, but for patient ones that wait for their time limit of a minute. */
export function aliveJobs(): readonly string[] {
  return slurmSays("squeue", "--noheader", "--array", "--states=PENDING,RUNNING", "--format=%i %l")
    .split("\n")
    .filter((line) => line !== "" && !line.endsWith(" 1:00"))
    .map((line) => line.split(" ")[0]!);
}

/** PATH with a program in a folder that stands for sbatch. `$REAL` is the real one. */
export function insteadOfSbatch(folder: string, lines: string): string {
  const real = execFileSync("sh", ["-c", "command -v sbatch"], { encoding: "utf8" }).trim();
  writeFileSync(join(folder, "sbatch"), `#!/bin/bash\nREAL=${real}\n${lines}\n`, { mode: 0o755 });
  return `${folder}:${process.env.PATH}`;
}

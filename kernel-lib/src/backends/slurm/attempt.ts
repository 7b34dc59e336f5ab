/**
 * The files of a step's jobs, on the file system that is shared with the nodes. In the step's folder: `job.json` says which jobs were
 * submitted, `attempts/<token>/` is what one of them has for itself, `outcome.json` says that the step has ended well. In an attempt:
 * `claim`, made by exclusive creation, says which job runs it, or that none may; `beat` is touched while it runs; `<restart>/` is the
 * folder that the trainer gets, with its output in `stdout` and `stderr` and, last, its `outcome.json`.
 */
import { randomBytes } from "node:crypto";
import { link, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { systemCode } from "../../store/index.js";
import type { Job } from "../backend.js";

const attemptSchema = z.object({
  /** Random; names its folder. */
  token: z.string(),
  /** Name of the job in Slurm, before anybody knows its number. */
  name: z.string(),
  /** Index, if it is one of an array. */
  task: z.number().optional(),
  /** As scancel takes it; absent until sbatch has answered. */
  id: z.string().optional(),
  /** Milliseconds since the epoch. */
  submittedAt: z.number(),
  /** What it asked for, for messages. */
  time: z.string().optional(),
  memory: z.string().optional(),
  /** Why it counts no more; absent for the current one. */
  lost: z.string().optional(),
});
export type Attempt = z.infer<typeof attemptSchema>;

const jobFileSchema = z.object({
  format: z.literal(1),
  key: z.string(),
  verb: z.string(),
  attempts: attemptSchema.array(),
});
export type JobFile = z.infer<typeof jobFileSchema>;

const outcomeSchema = z.object({
  exitCode: z.number(),
  /** It was asked to stop: by scancel, a time limit, a preemption. */
  stopped: z.boolean(),
  job: z.string(),
  node: z.string(),
  seconds: z.number(),
  /** Bytes that the trainer wrote: a file system may show them later than this file. */
  stdout: z.number(),
  stderr: z.number(),
});
/** How a trainer ended on its node. */
export type Outcome = z.infer<typeof outcomeSchema>;

/** The claim of an attempt that must not start any more. */
const REVOKED = "revoked";

export const newToken = (): string => randomBytes(8).toString("hex");
export const attemptFolder = (directory: string, { token }: Pick<Attempt, "token">): string =>
  join(directory, "attempts", token);
const jobFilePath = (directory: string): string => join(directory, "job.json");

/** Undefined if no job was ever submitted for the folder, or all that was is settled. */
export async function readJobFile(directory: string): Promise<JobFile | undefined> {
  return jobFileSchema.safeParse(await readJson(jobFilePath(directory))).data;
}

/** By rename, so that it is there whole or not at all. */
async function writeJobFile(directory: string, file: JobFile): Promise<void> {
  const draft = `${jobFilePath(directory)}.${newToken()}`;
  await writeFile(draft, `${JSON.stringify(file, undefined, 2)}\n`);
  await rename(draft, jobFilePath(directory));
}

/** Writes an attempt into its step's job file: in place of what was known of it, or after the others. */
export async function noteAttempt({ directory, key, step }: Job, attempt: Attempt): Promise<void> {
  const file: JobFile = (await readJobFile(directory)) ?? { format: 1, key, verb: step.verb, attempts: [] };
  const others = file.attempts.filter(({ token }) => token !== attempt.token);
  await writeJobFile(directory, { ...file, attempts: [...others, attempt] });
}

export async function removeJobFile(directory: string): Promise<void> {
  await rm(jobFilePath(directory), { force: true });
}

/** Who runs an attempt: a job (`id` and Slurm's own `number`), nobody any more, or nobody yet. */
export async function claimOf(
  folder: string,
): Promise<{ readonly id: string; readonly number: string } | "revoked" | undefined> {
  const text = await readFile(join(folder, "claim"), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const [id = "", number = id] = text.trim().split(" ");
  return id === REVOKED ? "revoked" : { id, number };
}

/**
 * Sees to it that an attempt can never start. False if it has started.
 * A job that is on its way, wherever it hangs, will find the claim taken and go.
 */
export async function revoke(folder: string): Promise<boolean> {
  const draft = join(folder, `claim.${newToken()}`);
  try {
    await writeFile(draft, `${REVOKED}\n`);
    await link(draft, join(folder, "claim"));
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return (await claimOf(folder)) === "revoked";
    // Without its folder it cannot start either.
    if (systemCode(error) === "ENOENT") return true;
    throw error;
  } finally {
    await rm(draft, { force: true }).catch(() => {});
  }
}

/** The folder of an attempt's latest start; Slurm may start a job again. Undefined before the first. */
export async function latestStart(folder: string): Promise<string | undefined> {
  // Listed, not looked up: network file systems remember for a while that a name was not there.
  const names = (await readdir(folder).catch(() => [])).filter((name) => /^\d+$/.test(name)).map(Number);
  return names.length === 0 ? undefined : join(folder, String(Math.max(...names)));
}

/** Undefined while there is none. */
export async function readOutcome(start: string): Promise<Outcome | undefined> {
  return outcomeSchema.safeParse(await readJson(join(start, "outcome.json"))).data;
}

/** Time of an attempt's last sign of life, by the file system's clock; undefined before the first. */
export async function lastBeat(folder: string): Promise<number | undefined> {
  return (await stat(join(folder, "beat")).catch(() => undefined))?.mtimeMs;
}

/** Makes what an ended attempt left the step's own outputs. Done already, or nothing there: no change. */
export async function adoptOutputs(directory: string, attempt: Attempt): Promise<void> {
  const start = await latestStart(attemptFolder(directory, attempt));
  if (start === undefined) return;
  const [from, to] = [join(start, "outputs"), join(directory, "outputs")];
  const isThere = (await stat(from).catch(() => undefined)) !== undefined;
  if (!isThere) return;
  await rm(to, { recursive: true, force: true });
  await rename(from, to);
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch {
    return undefined;
  }
}

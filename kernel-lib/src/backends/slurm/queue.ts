import { SlurmRefusal, SlurmSilent, slurm } from "./commands.js";

/** What Slurm knows of a job. */
export interface JobState {
  /** As scancel takes it: `12`, of a task of an array `12_3`. */
  readonly id: string;
  /** Slurm's own number of it, also for a task of an array. */
  readonly number: string;
  /** In Slurm's long form, such as PENDING, RUNNING, NODE_FAIL. */
  readonly state: string;
  /** Why it waits, or ended so. */
  readonly reason: string;
  readonly node: string;
  readonly name: string;
  readonly comment: string;
}

/** All our jobs at one moment. */
export interface Snapshot {
  /** Milliseconds of `performance.now()` before it was asked for. */
  readonly at: number;
  readonly jobs: readonly JobState[];
}

export interface Queue {
  /** Our jobs, asked for after `since` and not longer ago than the pause between questions. @throws SlurmSilent, SlurmRefusal. */
  look(since?: number): Promise<Snapshot>;
}

/** Names of our jobs begin with this. */
export const PREFIX = "ilr-";

const RUNNING = ["RUNNING", "COMPLETING", "SUSPENDED", "STOPPED", "CONFIGURING", "STAGE_OUT", "SIGNALING", "RESIZING"];
const WAITING = ["PENDING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "SPECIAL_EXIT", "RESV_DEL_HOLD"];

export function isOver({ state }: JobState): boolean {
  return !RUNNING.includes(state) && !WAITING.includes(state);
}

export function isWaiting({ state }: JobState): boolean {
  return WAITING.includes(state);
}

/** Whether a job is that of an attempt. By its name, too: Slurm gives its numbers again, sooner if it has lost its memory. */
export function isJobOf(
  job: JobState,
  { id, name, task }: { readonly id?: string | undefined; readonly name: string; readonly task?: number | undefined },
): boolean {
  if (job.name !== name) return false;
  return id === undefined ? task === undefined || job.id.endsWith(`_${task}`) : job.id === id;
}

/** One question for all steps, however many are followed: a controller serves everybody. */
export function openQueue(pollMs: number): Queue {
  let last: Promise<Snapshot> | undefined;
  let at = Number.NEGATIVE_INFINITY;
  return {
    look: async (since = Number.NEGATIVE_INFINITY) => {
      const now = performance.now();
      if (last === undefined || now - at >= pollMs || at < since) {
        at = now;
        last = listJobs().then((jobs) => ({ at: now, jobs }));
        // Everybody hears of it; the next question comes after a pause, too.
        last.catch(() => {});
      }
      return last;
    },
  };
}

const FORMAT = "%i|%A|%T|%r|%N|%j|%k";

/** Our jobs, of every store and process of this user: waiting, running, and ended as long as the controller remembers them. */
export async function listJobs(): Promise<readonly JobState[]> {
  const output = await slurm("squeue", ["--me", "--noheader", "--array", "--states=all", `--format=${FORMAT}`]);
  return output
    .split("\n")
    .map(parseLine)
    .filter(({ name }) => name.startsWith(PREFIX));
}

function parseLine(line: string): JobState {
  const [id = "", number = "", state = "", reason = "", node = "", name = "", ...comment] = line.split("|");
  return { id, number, state, reason, node, name, comment: comment.join("|") };
}

/** Exit code and signal of an ended job, such as `0:53`; undefined if nobody remembers. */
export async function exitCodeOf(id: string): Promise<string | undefined> {
  const text = await slurm("scontrol", ["show", "job", "--oneliner", id]).catch(() => "");
  return /\bExitCode=(\d+:\d+)/.exec(text)?.[1];
}

/**
 * What the accounts say of a job that the controller has forgotten: slurmdbd's, or else the plain file of `jobcomp/filetxt`.
 * Undefined where there are none, or they do not know it.
 */
export async function rememberedJob(
  id: string,
  number: string | undefined,
  name: string,
): Promise<JobState | undefined> {
  const fields = ["--noheader", "--parsable2"];
  const database = [...fields, "--allocations", "--duplicates", "--format=JobID,State,NodeList,JobName", "-j", id];
  const found = (await account(database)).find((row) => row[3] === name);
  if (found) return recalled(id, number, found[1]!, found[2]!, name);
  // The file knows tasks of arrays by their own numbers only.
  if (number === undefined && id.includes("_")) return undefined;
  const rows = await account([...fields, "--completion", "-j", number ?? id]);
  const row = rows.find((columns) => columns[2] === name);
  return row && recalled(id, number, row[6]!, row[5]!, name);
}

/** Rows that sacct gives, the latest first; none where there are no accounts. */
async function account(args: readonly string[]): Promise<readonly (readonly string[])[]> {
  const output = await slurm("sacct", args).catch((error: unknown) => {
    if (error instanceof SlurmRefusal || error instanceof SlurmSilent) return "";
    throw error;
  });
  const lines = output.split("\n").filter((line) => line !== "");
  return lines.map((line) => line.split("|")).reverse();
}

/** The state as one word: accounts say "CANCELLED by 1000". */
function recalled(id: string, number: string | undefined, state: string, node: string, name: string): JobState {
  return { id, number: number ?? id, state: state.split(" ")[0]!, reason: "", node, name, comment: "" };
}

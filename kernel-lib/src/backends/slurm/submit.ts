import { mkdir, rm, rmdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { newToken } from "./attempt.js";
import { SlurmRefusal, slurm } from "./commands.js";
import { PREFIX } from "./queue.js";
import { passesBySelf } from "./refusal.js";

/** An attempt that is to become a job. */
export interface Submission {
  /** The attempt's folder: `<store>/detached/<key>/attempts/<token>`. */
  readonly folder: string;
  /** Only submissions with equal options, secrets and script can be one array. */
  readonly options: readonly string[];
  readonly secrets: Readonly<Record<string, string>>;
  readonly comment: string;
  /** The job's script, for a folder that may be that of an array. */
  script(folder: string, isArray: boolean): string;
  /** Written down before Slurm is asked, so that the job is found by its name whatever happens then. */
  named(name: string, task: number | undefined): Promise<void>;
}

export interface Submitter {
  /** @returns the job's id. @throws SlurmRefusal; SlurmSilent if nobody knows whether there is a job now. */
  submit(submission: Submission): Promise<string>;
}

interface Waiting {
  readonly submission: Submission;
  resolve(id: string): void;
  reject(error: unknown): void;
}

/** How long a submission waits for others like it, in ms: seeds and arms get ready together. */
const WINDOW_MS = 200;
/** Slurm's own default limit of an array is 1001. */
const LARGEST_ARRAY = 500;

/** Submits attempts: what is ready together and asks for the same in one array, as every sbatch costs the controller. */
export function openSubmitter(arrays: boolean): Submitter {
  const groups = new Map<string, Waiting[]>();
  const flush = (likeness: string): Promise<void> => {
    const group = groups.get(likeness) ?? [];
    groups.delete(likeness);
    return submitGroup(group);
  };
  return {
    submit: (submission) =>
      new Promise((resolve, reject) => {
        if (!arrays) return void submitTogether([submission]).then(([id]) => resolve(id!), reject);
        const likeness = JSON.stringify([submission.options, submission.secrets, submission.script("", true)]);
        const group = groups.get(likeness) ?? [];
        groups.set(likeness, group);
        group.push({ submission, resolve, reject });
        if (group.length === 1) setTimeout(() => void flush(likeness), WINDOW_MS);
        if (group.length >= LARGEST_ARRAY) void flush(likeness);
      }),
  };
}

/** In one array; in smaller ones where a limit of jobs lets fewer in, so that those which fit do not wait for the others. */
async function submitGroup(group: readonly Waiting[]): Promise<void> {
  try {
    const ids = await submitTogether(group.map(({ submission }) => submission));
    for (const [index, { resolve }] of group.entries()) resolve(ids[index]!);
  } catch (error) {
    const half = Math.floor(group.length / 2);
    if (half > 0 && error instanceof SlurmRefusal && passesBySelf(error.message)) {
      await submitGroup(group.slice(0, half));
      return submitGroup(group.slice(half));
    }
    for (const { reject } of group) reject(error);
  }
}

/** One sbatch. @returns ids in the same order. */
async function submitTogether(submissions: readonly Submission[]): Promise<readonly string[]> {
  const [first] = submissions;
  if (first === undefined) return [];
  const name = `${PREFIX}${newToken()}`;
  const isArray = submissions.length > 1;
  const folder = isArray ? await linkTasks(name, submissions) : first.folder;
  await Promise.all(submissions.map(({ named }, index) => named(name, isArray ? index : undefined)));
  const script = join(first.folder, "job.sh");
  await writeFile(script, first.script(folder, isArray));
  const options = [
    ...["--parsable", `--job-name=${name}`, `--comment=${first.comment}`],
    ...(isArray ? [`--array=0-${submissions.length - 1}`] : []),
    // Not in the step's folder: Slurm takes one that is not there for no reason to fail.
    ...["--chdir=/", "--open-mode=append", `--output=${join(folder, isArray ? "%a/slurm.log" : "slurm.log")}`],
    ...["--export=ALL", ...first.options, script],
  ];
  const output = await slurm("sbatch", options, first.secrets).catch(async (error: unknown) => {
    // Refused, there is no task that could need its link; of any other failure nobody knows.
    if (isArray && error instanceof SlurmRefusal) await rm(folder, { recursive: true, force: true });
    throw error;
  });
  // "12", or "12;cluster" where there are several.
  const id = output.trim().split("\n").at(-1)!.split(";")[0]!;
  return submissions.map((_, index) => (isArray ? `${id}_${index}` : id));
}

/** `detached/.arrays/<name>/<task>` leads to each task's attempt. */
async function linkTasks(name: string, submissions: readonly Submission[]): Promise<string> {
  const folder = join(arraysBeside(submissions[0]!.folder), name);
  await mkdir(folder, { recursive: true });
  await Promise.all(submissions.map((submission, task) => symlink(submission.folder, join(folder, String(task)))));
  return folder;
}

/** Removes the link of a task that is over; the last one takes the folder along. */
export async function unlinkTask(attemptFolder: string, name: string, task: number | undefined): Promise<void> {
  if (task === undefined) return;
  const folder = join(arraysBeside(attemptFolder), name);
  await rm(join(folder, String(task)), { force: true }).catch(() => {});
  await rmdir(folder).catch(() => {});
}

function arraysBeside(attemptFolder: string): string {
  return join(dirname(dirname(dirname(attemptFolder))), ".arrays");
}

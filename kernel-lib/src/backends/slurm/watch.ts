import { LabError } from "../../core/index.js";
import type { Job } from "../backend.js";
import { type Attempt, claimOf, lastBeat, revoke } from "./attempt.js";
import { SlurmRefusal, SlurmSilent } from "./commands.js";
import type { Pace } from "./pace.js";
import { isJobOf, isOver, isWaiting, type JobState, type Queue, rememberedJob } from "./queue.js";
import { impossibility } from "./reasons.js";

/** The controller was away for longer than anybody waits; the job may live. */
export class SlurmGone extends LabError {}

/** A job that is followed. */
export interface Following {
  readonly job: Job;
  readonly attempt: Attempt;
  readonly queue: Queue;
  readonly pace: Pace;
  /** Texts that must not appear in events and errors. */
  readonly secrets: readonly string[];
  /** The job's id became known, in the queue or on its node. */
  readonly found: (id: string) => Promise<void>;
}

/** What Slurm and the job's own files say of it now. */
export interface Sight {
  /** Undefined if nobody knows the job, or nobody answers. */
  readonly state: JobState | undefined;
  /** Nobody knows the job, and it neither lives nor can start. */
  readonly isLost: boolean;
  /** The controller does not answer: what it would say is open. */
  readonly isSilent: boolean;
}

/** Least time between two questions when a job's end is known from its files, in ms. */
const END_PAUSE = 1000;

/** What Slurm knows of an attempt, over time. */
export function openWatch(following: Following, folder: string): { look(hasEnded: boolean): Promise<Sight> } {
  const { attempt, queue, pace, job } = following;
  const begun = performance.now();
  const [life, patience, recall] = [openLife(folder), openPatience(pace, begun), openRecall(attempt, pace)];
  let [id, number, isAsked] = [attempt.id, undefined as string | undefined, false];
  let lastAnswer = begun;

  const identify = async (found: { readonly id: string; readonly number: string }): Promise<void> => {
    number = found.number;
    if (id === found.id) return;
    id = found.id;
    await following.found(id);
  };
  /** Undefined if the controller does not answer. */
  const ask = async (hasEnded: boolean): Promise<readonly JobState[] | undefined> => {
    try {
      const jobs = await askQueue(queue, hasEnded, isAsked ? undefined : begun);
      isAsked = true;
      lastAnswer = performance.now();
      return jobs;
    } catch (error) {
      // Even a refusal says nothing of the job.
      if (!(error instanceof SlurmSilent) && !(error instanceof SlurmRefusal)) throw error;
      if (!hasEnded) throwIfGone(Math.min(performance.now() - lastAnswer, life.silentMs()), pace, error);
      return undefined;
    }
  };
  /** Of a job that Slurm does not list: forgotten, or never heard of. Who claimed it knows its number. */
  const lookElsewhere = async (hasEnded: boolean): Promise<Sight> => {
    const claim = await claimOf(folder);
    const isClaimed = claim !== undefined && claim !== "revoked";
    if (isClaimed) await identify(claim);
    const remembered = id === undefined ? undefined : await recall(id, number);
    if (remembered && isOver(remembered)) return { state: remembered, isLost: false, isSilent: false };
    const isDead = isClaimed ? life.silentMs() >= pace.silenceMs : await revoke(folder);
    return { state: undefined, isLost: hasEnded || isDead, isSilent: false };
  };
  return {
    look: async (hasEnded) => {
      await life.look();
      const jobs = await ask(hasEnded);
      if (jobs === undefined) return { state: undefined, isLost: false, isSilent: true };
      const state = jobs.find((entry) => isJobOf(entry, { ...attempt, id }));
      if (state === undefined) return lookElsewhere(hasEnded);
      await identify(state);
      const text = patience(state);
      if (text !== undefined) job.emit({ type: "note", text });
      return { state, isLost: false, isSilent: false };
    },
  };
}

/** The end is worth a question of its own; without it, each step would cost half a pause. */
async function askQueue(queue: Queue, hasEnded: boolean, since: number | undefined): Promise<readonly JobState[]> {
  return (await queue.look(hasEnded ? performance.now() - END_PAUSE : since)).jobs;
}

/** How long a job may wait. @returns what to tell of it, once. @throws LabError `unsupported` for one that waits in vain. */
function openPatience(pace: Pace, begun: number): (state: JobState) => string | undefined {
  let [hopelessSince, isTold] = [undefined as number | undefined, false];
  return (state) => {
    const problem = isWaiting(state) ? impossibility(state.reason) : undefined;
    const now = performance.now();
    hopelessSince = problem === undefined ? undefined : (hopelessSince ?? now);
    if (problem !== undefined && now - hopelessSince! >= pace.impossibleMs) {
      throw new LabError("unsupported", `job ${state.id} can never start: ${problem.message} (${state.reason})`, {
        hint: problem.hint,
      });
    }
    if (isTold || !isWaiting(state) || now - begun < pace.noticeMs) return undefined;
    isTold = true;
    return `job ${state.id} waits in the queue: ${state.reason}`;
  };
}

/** The accounts, asked no more often than the controller. */
function openRecall(
  { name }: Attempt,
  { pollMs }: Pace,
): (id: string, number: string | undefined) => Promise<JobState | undefined> {
  let [at, last] = [Number.NEGATIVE_INFINITY, undefined as JobState | undefined];
  return async (id, number) => {
    if (performance.now() - at < pollMs) return last;
    at = performance.now();
    last = await rememberedJob(id, number, name);
    return last;
  };
}

/** Signs of life, by changes seen here: the clocks of nodes are their own. */
function openLife(folder: string): { silentMs(): number; look(): Promise<void> } {
  let [beat, changedAt] = [undefined as number | undefined, performance.now()];
  return {
    silentMs: () => performance.now() - changedAt,
    look: async () => {
      const now = await lastBeat(folder);
      if (now === undefined || now === beat) return;
      beat = now;
      changedAt = performance.now();
    },
  };
}

function throwIfGone(silentMs: number, { patienceMs }: Pace, cause: Error): void {
  if (silentMs < patienceMs) return;
  const seconds = Math.round(silentMs / 1000);
  throw new SlurmGone("step-failed", `Slurm's controller has not answered for ${seconds} s: ${cause.message}`, {
    hint: "run the same command when it is back: a job that is still there is found again",
    cause,
  });
}

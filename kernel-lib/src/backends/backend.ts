import type { Digest, Emit } from "../core/index.js";
import type { Step, Verb } from "../steps/index.js";

/** One step to run. */
export interface Job {
  readonly step: Step;
  /** Key of the step in the store; names the job where jobs have names. */
  readonly key: string;
  /** Holds `step.json` and `inputs/<name>`; the trainer writes `outputs/<name>`. */
  readonly directory: string;
  /** Stops the job; `run` then rejects with LabError `cancelled`. */
  readonly signal?: AbortSignal;
  /** Aborted, together with `signal`, when another process has taken the job over: a job that can be shared then goes on. */
  readonly lost?: AbortSignal;
  readonly emit: Emit;
}

/** What a plan expects of the steps of a verb, at the most. */
export interface StepNeeds {
  readonly seconds: number;
  /** GPUs at the least; 0 where nobody knows. */
  readonly accelerators: number;
}

/** What a backend offers whose jobs outlive this process, such as containers. */
export interface DetachedJobs {
  /**
   * What there is of a folder's job: nothing, a job that runs or has ended unseen (`run` attaches to it instead of starting another),
   * or one that has ended well with its outputs in the folder.
   * @throws LabError `unsupported` when nobody can tell now.
   */
  state(directory: string): Promise<"none" | "there" | "done">;
}

/** Who runs steps: worker processes of this machine, containers, a cluster. */
export interface Backend {
  readonly name: string;
  /** Most jobs that it runs at once. */
  readonly concurrency: number;
  /** True if jobs see `inputs/` through a read-only mount, so that inputs may share their bytes with the store. */
  readonly protectsInputs?: boolean;
  /** Set where jobs outlive this process: the folder of a step is then kept by key until its result is recorded. */
  readonly detached?: DetachedJobs;
  /** Told before a run what its plan expects, where that decides what jobs ask for. */
  expect?(needs: Readonly<Partial<Record<Verb, StepNeeds>>>): void;
  /** Versions worth recording, such as that of the compute library. */
  readonly versions?: Readonly<Record<string, string>>;
  /** Digest of the trainer's code and version for a verb; part of every key, as another trainer makes other outputs. */
  identity(verb: Verb): Digest;
  /**
   * Runs a step; resolves only when every declared output is in place.
   * @throws LabError `step-failed`, `cancelled`, `training-diverged`, or what the trainer said.
   */
  run(job: Job): Promise<void>;
  /** Stops what runs and frees what is held. */
  close(): Promise<void>;
}

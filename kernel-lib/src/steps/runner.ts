/**
 * What methods are written against: operations on artifacts, not on files.
 * The same method code runs for real (backends/) and as a dry run that prices a plan (experiments/plan.ts).
 */
import type { Json } from "../core/index.js";
import type { ArtifactRef, ParamsInput, Verb } from "./schema.js";

/**
 * A handle on a stored file or folder. `ref` is undefined only in a plan, when the step that makes it has not run;
 * then `rows` and `parameters` are estimates.
 */
export interface Artifact {
  readonly ref: ArtifactRef | undefined;
  /** Data artifacts: number of JSON Lines rows. */
  readonly rows?: number;
  /** Models: number of parameters. */
  readonly parameters?: number;
  /** Key of the step or derivation that made it; undefined for imported artifacts. */
  readonly madeBy?: string;
}

export type Inputs = Readonly<Record<string, Artifact>>;

/** A row of a JSON Lines artifact. */
export type Row = { readonly [key: string]: Json | undefined };

export interface StepOptions {
  readonly seed: number;
  /** For people: what this step is, such as "ILR round 2: student". Never part of the key. */
  readonly label: string;
  /** Aborts the step; the promise rejects with LabError `cancelled`. */
  readonly signal?: AbortSignal;
}

export interface DeriveOptions {
  readonly label: string;
  /** Estimated row counts of the outputs, for plans. */
  readonly expectRows: Readonly<Record<string, number>>;
}

export interface Runner {
  /**
   * Runs one trainer step, or finds its outputs in the store.
   * @returns handles on the outputs that the verb declares (`outputsOf`).
   * @throws LabError `step-failed`, `cancelled`, `training-diverged`, `store-*`.
   */
  step<V extends Verb>(
    verb: V,
    params: ParamsInput<V>,
    inputs: Inputs,
    options: StepOptions,
  ): Promise<Readonly<Record<string, Artifact>>>;

  /**
   * Computes data artifacts from data artifacts in this process, with the same caching and records as a step.
   * `compute` gets the parsed rows of every input and must depend on them and on `params` only.
   * @param name names the computation in keys and records, such as "ilr/refine".
   */
  derive(
    name: string,
    params: Json,
    inputs: Inputs,
    options: DeriveOptions,
    compute: (rows: Readonly<Record<string, readonly Row[]>>) => Readonly<Record<string, readonly Row[]>>,
  ): Promise<Readonly<Record<string, Artifact>>>;

  /** The rows of a data artifact; undefined in a plan when they are not known yet. */
  read(artifact: Artifact): Promise<readonly Row[] | undefined>;
}

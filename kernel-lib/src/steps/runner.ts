/**
 * What methods are written against: operations on artifacts, not on files.
 * The same method code runs for real (backends/) and as a dry run that prices a plan (experiments/plan.ts).
 */
import type { Json } from "../core/index.js";
import type { ArtifactRef, ParamsInput, Verb } from "./schema.js";

declare const rowType: unique symbol;

/**
 * A handle on a stored file or folder. `ref` is undefined only in a plan, when the step that makes it has not run;
 * then `rows` and `parameters` are estimates. `R` is the type of a data artifact's rows.
 */
export interface Artifact<R = unknown> {
  readonly ref: ArtifactRef | undefined;
  /** Data artifacts: number of JSON Lines rows. */
  readonly rows?: number;
  /** Models: number of parameters. */
  readonly parameters?: number;
  /** Key of the step or derivation that made it; undefined for imported artifacts. */
  readonly madeBy?: string;
  /** Never set: carries the row type only. */
  readonly [rowType]?: R;
}

export type Inputs = Readonly<Record<string, Artifact>>;

/** Handles on data artifacts, by name, for row types by name. */
export type Artifacts<T> = { readonly [K in keyof T]: Artifact<T[K]> };
/** Rows of data artifacts, by name. */
export type Tables<T> = { readonly [K in keyof T]: readonly T[K][] };

export interface StepOptions {
  readonly seed: number;
  /** For people: what this step is, such as "ILR round 2: student". Never part of the key. */
  readonly label: string;
}

export interface DeriveOptions<Out> {
  /** For people; never part of the key. */
  readonly label: string;
  /** Estimated row counts of the outputs, for plans. */
  readonly expectRows: { readonly [K in keyof Out]: number };
  /** It is slow or costs money: a plan expects `expectRows` of it, unless it is in the store. Default: false. */
  readonly costly?: boolean;
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
  derive<In, Out>(
    name: string,
    params: Json,
    inputs: Artifacts<In>,
    options: DeriveOptions<Out>,
    compute: (tables: Tables<In>) => Tables<Out> | Promise<Tables<Out>>,
  ): Promise<Artifacts<Out>>;

  /** The rows of a data artifact; undefined in a plan when they are not known yet. */
  read<R>(artifact: Artifact<R>): Promise<readonly R[] | undefined>;
}

import type { Verb } from "../../steps/index.js";
import type { StepCost } from "./step-cost.js";

/** One step of a plan. What several arms have in common is one step. */
export interface PlannedStep {
  /** For people, such as "ILR round 2: student"; what the first arm that asked for it called it. */
  readonly label: string;
  readonly verb: Verb;
  /** Key in the store; undefined while an input has yet to be made. */
  readonly key?: string;
  /** True: its outputs are in the store, and it will not run. */
  readonly cached: boolean;
  /** Estimated floating-point operations. */
  readonly flops: number;
  /** Estimated seconds of one worker, on all the accelerators that it needs; of a cached step, what it took. */
  readonly seconds: number;
  /** Parameters of the model; of an adapter, of the model under it. 0 if they are not known. */
  readonly parameters: number;
  /** Rows of all data inputs. */
  readonly rows: number;
}

/** Who asked for a step. */
export interface StepUse {
  readonly experiment: string;
  readonly arm: string;
  readonly seed: number;
  /** Round of the method; null for what comes before the first round. */
  readonly round: number | null;
  /** What the arm calls the step, when it first asks. */
  readonly label: string;
}

/** A step with everything that it is expected to take. */
export interface PricedStep extends PlannedStep, StepCost {
  /** Names the step within its plan: what is known of it, as a digest. */
  readonly id: string;
  /** Seed of the step itself, which is part of its key. */
  readonly stepSeed: number;
  /** Accelerators that it needs at the least; 0 without an accelerator, or where the model's size is not known. */
  readonly accelerators: number;
  /** Why it runs: because the method needs it, or only to measure a model (test answers, divergences). */
  readonly purpose: "method" | "measurement";
  /** Arms, by seed, that need it; each once. */
  readonly uses: readonly StepUse[];
  /** Everything that it is called: an arm may need it twice, where two steps turned out to be equal. */
  readonly labels: readonly string[];
}

/** Tables that one derivation leaves. */
export interface PlannedTables {
  /** Key in the store, if they are there. */
  readonly key?: string;
  /** Estimated. */
  readonly bytes: number;
  /** Experiments that need them. */
  readonly experiments: readonly string[];
}

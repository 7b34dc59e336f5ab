import { type Backend, createRunner, type Store } from "../backends/index.js";
import { LabError } from "../core/index.js";
import { plannedPeople } from "../human/index.js";
import type { Artifact } from "../steps/index.js";
import type { ActionRecord } from "../store/index.js";
import type { Task } from "../tasks/index.js";
import type { BaseModel, Experiment } from "./config.js";
import { type Own, plannedOwn } from "./own/index.js";
import {
  assumedRates,
  createPlanner,
  type Device,
  deviceByName,
  type ModelSize,
  measuredRates,
  type PlannedArm,
  type PlannedStep,
  type PlannedTables,
  type Planner,
  type PricedStep,
  parametersOf,
  type Rates,
  shapeOf,
} from "./planning/index.js";
import { readingOnly } from "./planning/reading-only.js";
import { runSeed, type SeedOptions } from "./run-seed.js";
import { taskOf } from "./task-of.js";

export type { PlannedStep };

/** What a run would do, as far as a progress display needs it. Costs are those of the steps that are not cached. */
export interface Plan {
  readonly steps: readonly PlannedStep[];
  readonly cached: number;
  readonly flops: number;
  /** Seconds of one worker. */
  readonly workSeconds: number;
  /** Seconds on the clock: the longest chain of steps that need each other, or the work shared by all workers. */
  readonly wallSeconds: number;
  readonly workers: number;
}

/** Something that has to be fetched before a run; `bytes` is undefined where nobody here knows. */
export interface Download {
  readonly what: string;
  readonly bytes: number | undefined;
}

/** A plan with everything that it is expected to take, and what that is priced by. */
export interface PricedPlan extends Plan {
  readonly experiment: string;
  readonly seeds: readonly number[];
  readonly arms: readonly PlannedArm[];
  readonly steps: readonly PricedStep[];
  /** Name of the accelerator that steps are priced for; `cpu` for workers of this machine. */
  readonly device: string;
  readonly rates: Rates;
  /** The tables between the steps: questions, labels, pairs, records. */
  readonly tables: readonly PlannedTables[];
  readonly downloads: readonly Download[];
}

export interface PlanOptions {
  readonly store: Store;
  /** Who would run the steps: part of their keys, and how many run at once. */
  readonly backend: Backend;
  /** The folder with recorded results and base models. */
  readonly results: string;
  readonly fromScratch?: boolean;
  /** Functions that the experiments name; a plan calls none, but without them it does not know what is in the store already. */
  readonly own?: readonly Own[];
  /** Folder with fetched data sets; what is not there is estimated by the task's sizes. */
  readonly data?: string;
  /** One of `DEVICES`. Default: a GPU for models of the Hub, this machine for those that the kit pretrains. */
  readonly device?: string | undefined;
  /** How many steps run side by side. Default: as many as the backend runs; one for a device that this machine may not have. */
  readonly workers?: number | undefined;
}

/**
 * What running an experiment would take: the same code as the run, with steps priced instead of executed. Writes nothing, and needs neither
 * data nor network. The number of steps is the most that can run: two steps whose inputs turn out to be equal (no label was replaced) become one.
 *
 * @throws LabError `config-invalid`, `input-damaged`, `name-unknown`.
 * @example
 * const plan = await planExperiment(experiment, { store, backend: embeddedBackend(), results: "results" });
 * console.log(`${plan.steps.length - plan.cached} steps to run, about ${plan.wallSeconds} s`);
 */
export async function planExperiment(experiment: Experiment, options: PlanOptions): Promise<PricedPlan> {
  const { plans, refused } = await planExperiments([experiment], options);
  if (refused[0]) throw refused[0].why;
  return plans[0]!;
}

/** Plans of several experiments, and of all of them in one. */
export interface PlanMatrix {
  readonly plans: readonly PricedPlan[];
  /** Experiments that cannot be planned, and why: people would have to answer, or a task is unknown. */
  readonly refused: readonly { readonly experiment: string; readonly why: LabError }[];
  /** Every step of the plans, once: what several experiments need is shared. */
  readonly steps: readonly PricedStep[];
  readonly tables: readonly PlannedTables[];
  readonly downloads: readonly Download[];
}

/**
 * What running several experiments would take, one after the other with one store.
 *
 * @throws LabError `name-unknown` for a device that does not exist, `store-*`.
 * @example
 * const { plans, steps } = await planExperiments(experiments, options);
 * costOf(steps).flops; // at most the sum of those of the plans
 */
export async function planExperiments(experiments: readonly Experiment[], options: PlanOptions): Promise<PlanMatrix> {
  const { backend, device: named } = options;
  const device = named === undefined ? undefined : deviceByName(named);
  const store = readingOnly(options.store);
  const planner = createPlanner(createRunner({ store, backend }));
  const records = await store.records();
  const seen: SeedOptions["seen"] = new Map();
  const priced: Priced[] = [];
  const refused: { readonly experiment: string; readonly why: LabError }[] = [];
  for (const experiment of experiments) {
    try {
      const price = pricesOf(experiment, named === undefined ? usualDevice(experiment) : device, records, options);
      await planArms(planner, price, { ...options, store, seen });
      priced.push(price);
    } catch (why) {
      if (!(why instanceof LabError)) throw why;
      refused.push({ experiment: experiment.name, why });
    }
  }
  const names = new Set(priced.map(({ experiment }) => experiment.name));
  const steps = planner.steps().filter(({ uses }) => uses.some(({ experiment }) => names.has(experiment)));
  const tables = planner.tables().filter((table) => table.experiments.some((experiment) => names.has(experiment)));
  return {
    ...{ steps, refused, tables },
    plans: priced.map((price) => planOf(planner, steps, price, options)),
    downloads: distinct(priced.flatMap(downloadsOf)),
  };
}

/** An experiment and what it is priced by. */
interface Priced {
  readonly experiment: Experiment;
  readonly task: Task;
  readonly device: Device | undefined;
  readonly rates: Rates;
}

function pricesOf(
  experiment: Experiment,
  device: Device | undefined,
  records: readonly ActionRecord[],
  options: PlanOptions,
): Priced {
  const task = plannedTask(experiment, options);
  const assumed = assumedRates(device);
  const rates = device
    ? assumed
    : measuredRates(records, assumed, { tokens: task.typicalTokens, backend: options.backend.name });
  return { experiment, task, device, rates };
}

/** The experiment's task; where its judge cannot be opened (no key is set), the same task without one: a plan asks nobody. */
function plannedTask(experiment: Experiment, options: PlanOptions): Task {
  try {
    return taskOf(experiment, options);
  } catch (error) {
    if (!(error instanceof LabError) || error.code !== "config-invalid") throw error;
    const { judge: _, embedding: __, ...unjudged } = experiment;
    return taskOf(unjudged, options);
  }
}

/**
 * One seed after the other, one arm after the other: whose label a shared step gets, and so the plan's text, is always the same, and it is known
 * who needs what.
 */
async function planArms(
  planner: Planner,
  priced: Priced,
  options: PlanOptions & Pick<SeedOptions, "seen">,
): Promise<void> {
  const { experiment, task, device, rates } = priced;
  const { store, results, fromScratch = false, seen } = options;
  const own = plannedOwn(experiment, options.own ?? []);
  const sizeOf = baseSizes(priced);
  for (const seed of experiment.seeds) {
    for (const arm of experiment.arms) {
      const who = { experiment: experiment.name, arm: arm.name, seed };
      const runner = planner.runnerFor({ ...who, tokens: task.typicalTokens, rates, device, sizeOf });
      await runSeed({ ...experiment, arms: [arm] }, seed, {
        ...{ runner, store, results, fromScratch, seen, task, own },
        people: plannedPeople,
      });
    }
  }
}

function planOf(planner: Planner, all: readonly PricedStep[], priced: Priced, options: PlanOptions): PricedPlan {
  const { device, rates } = priced;
  const workers = workersOf(device, options);
  const { name, seeds, arms } = priced.experiment;
  const steps = all.flatMap((step) => {
    const uses = step.uses.filter(({ experiment }) => experiment === name);
    return uses.length === 0 ? [] : [{ ...step, uses }];
  });
  const open = steps.filter(({ cached }) => !cached);
  const sum = (of: (step: PricedStep) => number): number => open.reduce((total, step) => total + of(step), 0);
  const workSeconds = sum(({ seconds }) => seconds);
  return {
    experiment: name,
    seeds,
    arms: arms.map(({ name: arm, method, comparisons }) => ({
      ...{ name: arm, method },
      ...(comparisons !== undefined && { comparisons: JSON.stringify(comparisons) }),
    })),
    steps,
    cached: steps.length - open.length,
    flops: sum(({ flops }) => flops),
    workSeconds,
    wallSeconds: Math.max(planner.criticalSeconds(steps), workSeconds / workers),
    workers,
    device: device?.name ?? "cpu",
    rates,
    tables: planner.tables().filter(({ experiments }) => experiments.includes(name)),
    downloads: distinct(downloadsOf(priced)),
  };
}

/** The embedded engine's workers are cores: how many accelerators there are, nobody has said. */
function workersOf(device: Device | undefined, { backend, workers }: PlanOptions): number {
  return workers ?? (device && backend.name === "embedded" ? 1 : backend.concurrency);
}

/** Small models of the Hub are for a consumer's GPU; what the kit pretrains is for this machine. */
function usualDevice({ bases }: Experiment): Device | undefined {
  const sizes = [bases.weak, bases.strong].flatMap((base) => ("hub" in base ? [base.parameters] : []));
  if (sizes.length === 0) return undefined;
  return deviceByName(Math.max(...sizes) < 1e9 ? "rtx-4090" : "h100");
}

/** Sizes of an experiment's base models, told apart by their numbers of parameters: an artifact says no more. */
function baseSizes({ experiment, task }: Priced): (artifact: Artifact) => ModelSize | undefined {
  const { weak, strong } = experiment.bases;
  const sizes = [weak, strong].map((base) => baseSize(base, task.pretraining?.vocabSize));
  return ({ parameters }) => sizes.find((size) => size.parameters !== undefined && size.parameters === parameters);
}

function baseSize(base: BaseModel, vocabSize: number | undefined): ModelSize {
  if ("hub" in base) return { parameters: base.parameters, shape: base.architecture };
  if (vocabSize === undefined) return { parameters: undefined };
  const architecture = { ...base.pretrain.architecture, vocabSize };
  return { parameters: parametersOf(architecture), shape: shapeOf(architecture) };
}

/** Weights on the Hub are taken to be in bfloat16: two bytes a parameter. Sizes of data sets are not known here. */
function downloadsOf({ experiment: { bases }, task }: Priced): readonly Download[] {
  const models = [bases.weak, bases.strong].flatMap((base) =>
    "hub" in base ? [{ what: base.hub.repo, bytes: 2 * base.parameters }] : [],
  );
  const data = task.pretraining ? [] : [{ what: `data set ${task.name}`, bytes: undefined }];
  return [...models, ...data];
}

function distinct(downloads: readonly Download[]): readonly Download[] {
  return [...new Map(downloads.map((download) => [download.what, download])).values()];
}

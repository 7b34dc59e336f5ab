import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Backend, createRunner, type Store } from "../backends/index.js";
import { sha256 } from "../core/index.js";
import { manifestText, plainFiles, type Stored } from "../store/index.js";
import { taskByName } from "../tasks/index.js";
import type { Experiment } from "./config.js";
import { measuredRates } from "./cost.js";
import { type PlannedStep, planningRunner } from "./planning-runner.js";
import { runSeed } from "./run-seed.js";

export type { PlannedStep };

/** What a run would do. Costs are those of the steps that are not cached. */
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

export interface PlanOptions {
  readonly store: Store;
  /** Who would run the steps: part of their keys, and how many run at once. */
  readonly backend: Backend;
  /** The folder with recorded results and base models. */
  readonly results: string;
  readonly fromScratch?: boolean;
}

/**
 * What running an experiment would take: the same code as the run, with steps priced instead of executed. Writes nothing.
 * The number of steps is the most that can run: two steps whose inputs turn out to be equal (no label was replaced) become one.
 *
 * @throws LabError `config-invalid`, `input-damaged`.
 * @example
 * const plan = await planExperiment(experiment, { store, backend: embeddedBackend(), results: "results" });
 * console.log(`${plan.steps.length - plan.cached} steps to run, about ${plan.wallSeconds} s`);
 */
export async function planExperiment(experiment: Experiment, options: PlanOptions): Promise<Plan> {
  const { backend, results, fromScratch = false } = options;
  const store = withoutImports(options.store);
  const tokens = taskByName(experiment.task).typicalTokens;
  const rates = measuredRates(await store.records(), tokens);
  const planning = planningRunner(createRunner({ store, backend }), { tokens, rates });
  // One seed after the other: whose label a shared step gets, and so the plan's text, is always the same.
  for (const seed of experiment.seeds) {
    await runSeed(experiment, seed, { runner: planning, store, results, fromScratch });
  }
  const steps = planning.steps();
  const open = steps.filter(({ cached }) => !cached);
  const sum = (of: (step: PlannedStep) => number): number => open.reduce((total, step) => total + of(step), 0);
  const workSeconds = sum(({ seconds }) => seconds);
  return {
    steps,
    cached: steps.length - open.length,
    flops: sum(({ flops }) => flops),
    workSeconds,
    wallSeconds: Math.max(planning.criticalSeconds(), workSeconds / backend.concurrency),
    workers: backend.concurrency,
  };
}

/** The store, except that taking in a recorded base model only computes its reference. */
function withoutImports(store: Store): Store {
  return { ...store, putTree: (folder) => treeReference(folder) };
}

async function treeReference(folder: string): Promise<Stored> {
  const entries: [string, { readonly digest: string; readonly size: number }][] = [];
  for (const path of await plainFiles(folder)) {
    const bytes = await readFile(join(folder, path));
    entries.push([path, { digest: sha256(bytes), size: bytes.length }]);
  }
  const manifest = Object.fromEntries(entries);
  return { ref: `tree:${sha256(manifestText(manifest))}`, size: entries.reduce((sum, [, { size }]) => sum + size, 0) };
}

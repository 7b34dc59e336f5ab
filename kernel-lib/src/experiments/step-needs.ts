import type { StepNeeds } from "../backends/index.js";
import type { Verb } from "../steps/index.js";
import type { Experiment } from "./config.js";
import { type PlanOptions, planExperiment } from "./plan.js";

/**
 * What an experiment's plan expects of the steps that are still to run, for each verb the most that one of them takes: what a cluster's
 * jobs can ask for.
 *
 * @throws LabError as `planExperiment` does.
 * @example
 * const { sft } = await stepNeeds(experiment, { store, backend, results: "results" }); // { seconds: 5400, accelerators: 2 }
 */
export async function stepNeeds(
  experiment: Experiment,
  { store, backend, results, data, fromScratch, own }: PlanOptions,
): Promise<Readonly<Partial<Record<Verb, StepNeeds>>>> {
  const options = {
    store,
    backend,
    results,
    ...(data && { data }),
    ...(fromScratch && { fromScratch }),
    ...(own && { own }),
  };
  const { steps } = await planExperiment(experiment, options);
  const needs: Partial<Record<Verb, StepNeeds>> = {};
  for (const { verb, seconds, accelerators, cached } of steps) {
    if (cached) continue;
    const known = needs[verb] ?? { seconds: 0, accelerators: 0 };
    needs[verb] = {
      seconds: Math.max(known.seconds, seconds),
      accelerators: Math.max(known.accelerators, accelerators),
    };
  }
  return needs;
}

import type { ColumnTable } from "arquero";
import { openBackend } from "../backends/index.js";
import {
  type ExperimentInput,
  findProject,
  type PlanOptions,
  type Project,
  parseExperiment,
  planExperiment,
  planExperiments,
  presetsOfProfile,
} from "../experiments/index.js";
import { costsFrame, planFrame, plansFrame } from "../results/index.js";
import { openStore } from "../store/index.js";
import { configured, type LabOptions } from "./options.js";

/** What to change of an experiment before it is planned, and what to price it for. */
export interface PlanLabOptions extends LabOptions {
  /** An accelerator, such as "h100" or "rtx-4090", or "cpu" for this machine. Default: by the size of the models. */
  readonly device?: string;
}

/**
 * What every arm of an experiment would take, by its plan: nothing is run, and nothing need be there to run it. One row an arm, of one seed:
 * tokens and operations of a round, operations in all.
 *
 * @throws LabError as `run` does for names and configs.
 * @example
 * display(await lab.costs("gsm8k/main", { profile: "paper" }));
 */
export async function costs(experiment: string | ExperimentInput, options: PlanLabOptions = {}): Promise<ColumnTable> {
  const { config, own } = await configured(experiment, options);
  return planning(options, async (place) => costsFrame(await planExperiment(config, { ...place, own })));
}

/**
 * The steps of an experiment, as `ilr plan` lists them: one row a step, with what it would take. Nothing is run.
 *
 * @throws LabError as `run` does for names and configs; `name-unknown` for a device.
 * @example
 * display((await lab.plan("gsm8k/main", { profile: "paper" })).select("step", "verb", "arms", "flops"));
 */
export async function plan(experiment: string | ExperimentInput, options: PlanLabOptions = {}): Promise<ColumnTable> {
  const { config, own } = await configured(experiment, options);
  return planning(options, async (place) => planFrame(await planExperiment(config, { ...place, own })));
}

/**
 * Every experiment of a profile, as `ilr plan --all` lists them: one row an experiment, and one for all of them with shared steps counted once. Without a profile: each at
 * the smallest size that it has.
 *
 * @throws LabError `name-unknown` for a profile that does not exist.
 * @example
 * display(await lab.plans({ profile: "paper" }), { rows: 30 });
 */
export async function plans(
  options: Pick<PlanLabOptions, "profile" | "device" | "project"> = {},
): Promise<ColumnTable> {
  const configs = presetsOfProfile(options.profile).map((preset) => parseExperiment(preset));
  return planning(options, async (place) => plansFrame(await planExperiments(configs, place)));
}

/** A store and a backend to plan with; a backend that was opened here is closed again. */
export async function planning<T>(options: PlanLabOptions, use: (place: PlanOptions) => Promise<T>): Promise<T> {
  const { project = findProject(), backend: chosen = "embedded", fromScratch, device } = options;
  const { store: folder, results, data }: Project = project;
  const store = await openStore(folder);
  const backend = typeof chosen === "string" ? await openBackend(chosen, { site: options.site }) : chosen;
  try {
    return await use({ store, backend, results, data, device, ...(fromScratch && { fromScratch }) });
  } finally {
    if (typeof chosen === "string") await backend.close();
  }
}

import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { LabError } from "../core/index.js";
import { type Experiment, type Project, requirementsOf } from "../experiments/index.js";
import { openStore } from "../store/index.js";
import { taskByName } from "../tasks/index.js";
import { findRecorded } from "./recorded.js";

/** What is known of an experiment on this machine; every word of it is looked up. */
export interface ExperimentState {
  /** Folders with a run of it, seen from the checkout: under results/ those in git, under out/ one's own. */
  readonly runs: readonly string[];
  /** Steps of those runs that the store has, of all their steps; undefined without a run or a store. */
  readonly steps?: { readonly stored: number; readonly all: number };
  /** What running it takes that is not here or that only the user can give. */
  readonly needs: readonly string[];
}

/** The states of some experiments, in their order. */
export async function experimentStates(
  experiments: readonly Experiment[],
  { root, results, store: place, data: folder }: Project,
  env: NodeJS.ProcessEnv,
): Promise<readonly ExperimentState[]> {
  const recorded = (await findRecorded([results, join(root, "out")])).flatMap((entry) =>
    entry.kind === "run" ? [entry] : [],
  );
  const store = existsSync(place) ? await openStore(place) : undefined;
  const data = dataNeeds(folder);
  return Promise.all(
    experiments.map(async (experiment) => {
      const runs = recorded.filter(({ provenance }) => provenance.experiment.name === experiment.name);
      const keys = [...new Set(runs.flatMap(({ provenance }) => provenance.keys))];
      const found = store && (await Promise.all(keys.map((key) => store.record(key))));
      return {
        runs: runs.map(({ folder }) => relative(root, folder)),
        ...(found && runs.length > 0 && { steps: { stored: found.filter(Boolean).length, all: keys.length } }),
        needs: [...(await data(experiment.task)), ...otherNeeds(experiment, env)],
      };
    }),
  );
}

/** The data of each task is looked for once. */
function dataNeeds(data: string): (task: string) => Promise<readonly string[]> {
  const known = new Map<string, Promise<readonly string[]>>();
  return (task) => {
    const found = known.get(task) ?? dataNeed(task, data);
    known.set(task, found);
    return found;
  };
}

async function dataNeed(name: string, data: string): Promise<readonly string[]> {
  try {
    const task = taskByName(name, { data });
    // Whoever pretrains on a task makes its questions too.
    if (!task.pretraining) await task.splits(0);
    return [];
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    if (error.code === "name-unknown") return [`task ${name}`];
    return [error.code === "input-missing" ? `data of ${name}` : `whole data of ${name}`];
  }
}

const GIBIBYTE = 2 ** 30;

function otherNeeds(experiment: Experiment, env: NodeJS.ProcessEnv): readonly string[] {
  const { hub, weightBytes, keys, people } = requirementsOf(experiment);
  const gigabytes = weightBytes / GIBIBYTE;
  const size = gigabytes < 10 ? gigabytes.toFixed(1) : gigabytes.toFixed(0);
  return [
    ...(hub.length > 0 ? [`GPU (${size} GiB of weights)`] : []),
    ...hub.filter(({ gated }) => gated).map(({ hub: { repo } }) => `licence of ${repo}`),
    ...keys.filter((key) => !env[key]).map((key) => `a key in ${key}`),
    ...(people ? ["people"] : []),
  ];
}

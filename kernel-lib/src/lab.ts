import { join } from "node:path";
import { openBackend } from "./backends/index.js";
import {
  assertRunnable,
  type ExperimentInput,
  findProject,
  type Plan,
  type Project,
  planExperiment,
  presets,
  readRun,
  recordedRuns,
  runExperiment,
  type Table1,
  table1,
} from "./experiments/index.js";
import { costAccuracy } from "./lab/costs.js";
import { figure4, supervisionQuality } from "./lab/figures.js";
import { model, sideBySide, whereTheyPart } from "./lab/models/index.js";
import { unknownName } from "./lab/names.js";
import { configured, type LabOptions, peopleIn } from "./lab/options.js";
import { costs, plan, plans } from "./lab/plans.js";
import { type Run, runOf } from "./lab/run.js";
import { loadRuns, readRuns, sqlOver } from "./lab/runs.js";
import { verdictsOf } from "./lab/verdicts.js";
import {
  displayedTable1,
  notebookListens,
  type ProgressDisplay,
  type ProgressOptions,
  showProgress,
  showProgressLine,
} from "./notebook/index.js";
import { compareRuns, loadTable } from "./results/index.js";
import { openStore } from "./store/index.js";

export type { FigureName } from "./figures/index.js";
export type { CostAccuracyOptions } from "./lab/costs.js";
export type { AnswerRequest, Asked, Model, ModelAnswer, ModelOptions, ModelScore } from "./lab/models/index.js";
export type { LabOptions } from "./lab/options.js";
export type { PlanLabOptions } from "./lab/plans.js";
export { type Run, type RunOrigin, runOf } from "./lab/run.js";
export { loadRuns, type RunQuery, type Runs, type Sql } from "./lab/runs.js";
export type { FrameName } from "./results/index.js";

/**
 * Runs an experiment, by name, as a config, or from a config file (a path that ends in .yaml or .json); steps that are in the store are not run again.
 *
 * @throws LabError `name-unknown`, `config-invalid`, `step-failed`, `cancelled`, `store-*`.
 */
async function run(experiment: string | ExperimentInput, options: LabOptions = {}): Promise<Run> {
  const { config, own } = await configured(experiment, options);
  const { store: place, results, data } = options.project ?? findProject();
  const { onProgress, signal, fromScratch = process.env.FROM_SCRATCH === "1" } = options;
  const warnings: string[] = [];
  const store = await openStore(place, { warn: (message) => void warnings.push(message) });
  const { backend: chosen = "embedded" } = options;
  const people = await peopleIn(options, config);
  assertRunnable(config, typeof chosen === "string" ? chosen : chosen.name, people !== undefined);
  const backend = typeof chosen === "string" ? await openBackend(chosen, { site: options.site }) : chosen;
  const planned = (): Promise<Plan> => planExperiment(config, { store, backend, results, data, fromScratch, own });
  const progress =
    options.progress === false ? undefined : showHere({ title: config.name, backend: backend.name, plan: planned });
  try {
    const record = await runExperiment(config, {
      ...{ store, results, data, fromScratch, backend, own, people },
      ...(signal && { signal }),
      ...(onProgress && { onPoint: onProgress }),
      ...(progress && { onActivity: progress.onActivity }),
    });
    return runOf(record, { store: async () => store, judgements: people?.session?.judgements() });
  } catch (error) {
    progress?.close("stopped");
    throw error;
  } finally {
    progress?.close();
    if (typeof chosen === "string") await backend.close();
    for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
  }
}

/**
 * A run that was recorded under `results/`, drawn without computing anything.
 *
 * @throws LabError `name-unknown` when nothing is recorded under this name, `input-damaged` when it cannot be read.
 */
async function recorded(name: string, project: Project = findProject()): Promise<Run> {
  const known = await recordedRuns(project.results);
  if (!known.includes(name)) throw unknownName("recorded run", name, known);
  const record = await readRun(join(project.results, ...name.split("/")));
  return runOf(record, { recorded: true, store: () => openStore(project.store) });
}

/**
 * Several runs as one, by the name that sets each apart: every figure and frame then shows them together. Arms that the change did not
 * touch appear once, the others once a run.
 *
 * @throws LabError `config-invalid` for runs that were tested on different questions.
 * @example
 * const bold = await lab.run("micro-math/quick", { set: ["alpha=0.5"] });
 * display(lab.compare({ "alpha 0.15": run, "alpha 0.5": bold }).figure("accuracy-by-round"));
 */
function compare(runs: Readonly<Record<string, Run>>): Run {
  return runOf(compareRuns(Object.fromEntries(Object.entries(runs).map(([name, { record }]) => [name, record]))));
}

/**
 * The kit from a notebook.
 *
 * @example
 * const run = await lab.run("micro-math/main", { seeds: [0], rounds: 3 });
 * display(run.figure("main"));
 * display(run.frame("rounds").filter((row) => row.round === 3));
 * const recorded = await lab.recorded("micro-math/main");
 */
export const lab = {
  run,
  recorded,
  compare,
  costs,
  plan,
  plans,
  verdicts: verdictsOf,
  figure4,
  supervisionQuality,
  costAccuracy,
  model,
  sideBySide,
  whereTheyPart,
  /** The paper's Table 1 as the presets have it, for `display` to show. */
  table1: (): Table1 => displayedTable1(table1()),
  loadRuns,
  /**
   * SQL over all recorded runs: the tables are those of `loadRuns`.
   *
   * @example
   * await lab.sql`select arm, avg(testAccuracy) from rounds where round = ${3} group by arm order by all`;
   */
  sql: sqlOver(() => readRuns({})),
  loadTable,
  /** Names that `lab.run` knows. */
  experiments: (): readonly string[] => [...presets.keys()],
} as const;

/** A display that is replaced in a notebook; on a terminal or in a file what suits it. */
function showHere(options: ProgressOptions): ProgressDisplay {
  return notebookListens() ? showProgressLine(options) : showProgress(options);
}

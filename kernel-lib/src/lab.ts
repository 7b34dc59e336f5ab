import { readdir } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import type { ColumnTable } from "arquero";
import type { Backend } from "./backends/index.js";
import { LabError, nearestName } from "./core/index.js";
import {
  type Experiment,
  type ExperimentInput,
  findProject,
  type Point,
  type Project,
  parseExperiment,
  presetByName,
  presets,
  type RunRecord,
  readRun,
  runExperiment,
  setField,
} from "./experiments/index.js";
import {
  accuracyByKl,
  accuracyByRound,
  comparisonAccuracy,
  type Figure,
  labelAccuracy,
  mainFigure,
} from "./figures/index.js";
import { type ProgressDisplay, showProgress, showProgressLine } from "./notebook/index.js";
import {
  armsFrame,
  comparisonsFrame,
  labelsFrame,
  roundsFrame,
  type SummaryFormat,
  summaryTable,
  type Verdict,
  verdicts,
} from "./results/index.js";
import { openStore } from "./store/index.js";

const frames = { rounds: roundsFrame, arms: armsFrame, labels: labelsFrame, comparisons: comparisonsFrame } as const;

const figures = {
  main: mainFigure,
  "accuracy-by-round": accuracyByRound,
  "label-accuracy": labelAccuracy,
  "comparison-accuracy": comparisonAccuracy,
  "accuracy-by-kl": accuracyByKl,
} as const;

export type FrameName = keyof typeof frames;
export type FigureName = keyof typeof figures;

/** What to change of an experiment, and how to run it. */
export interface LabOptions {
  readonly seeds?: readonly number[];
  /** Rounds of ILR and of DPO. */
  readonly rounds?: number;
  /** Run only these arms, and SFT, which they are held against. */
  readonly arms?: readonly string[];
  /** Fields of the config by dotted path, such as "recipe.dpo.beta=0.5". */
  readonly set?: readonly string[];
  /** Called with every point as soon as it is known. */
  readonly onProgress?: (point: Point) => void;
  /** Show progress in the notebook or on the terminal. Default: true. */
  readonly progress?: boolean;
  readonly signal?: AbortSignal;
  /** Pretrain the base models instead of using the recorded ones. Default: whether FROM_SCRATCH=1 is set. */
  readonly fromScratch?: boolean;
  /** Who runs the steps. Default: the embedded engine. */
  readonly backend?: Backend;
  /** Where results and the store are. Default: the checkout around the current folder. */
  readonly project?: Project;
}

/** A finished run, and ways to look at it. */
export interface Run {
  readonly record: RunRecord;
  /** @throws LabError `name-unknown`. */
  frame(name: FrameName): ColumnTable;
  /** @throws LabError `name-unknown`. */
  figure(name: FigureName): Figure;
  /** The results as one table. */
  summary(format?: SummaryFormat): string;
  /** What the run says about the paper's claims. */
  verdicts(): readonly Verdict[];
}

/**
 * Runs an experiment, by name or as a config; steps that are in the store are not run again.
 *
 * @throws LabError `name-unknown`, `config-invalid`, `step-failed`, `cancelled`, `store-*`.
 */
async function run(experiment: string | ExperimentInput, options: LabOptions = {}): Promise<Run> {
  const config = configured(experiment, options);
  const { store: place, results } = options.project ?? findProject();
  const { onProgress, signal, backend, fromScratch = process.env.FROM_SCRATCH === "1" } = options;
  const warnings: string[] = [];
  const store = await openStore(place, { warn: (message) => void warnings.push(message) });
  const progress = options.progress === false ? undefined : showHere(config.name);
  try {
    const record = await runExperiment(config, {
      ...{ store, results, fromScratch },
      ...(backend && { backend }),
      ...(signal && { signal }),
      ...(onProgress && { onPoint: onProgress }),
      ...(progress && { onActivity: progress.onActivity }),
    });
    return runOf(record);
  } finally {
    progress?.close();
    for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
  }
}

/**
 * A run that was recorded under `results/`, drawn without computing anything.
 *
 * @throws LabError `name-unknown` when nothing is recorded under this name, `input-damaged` when it cannot be read.
 */
async function recorded(name: string, project: Project = findProject()): Promise<Run> {
  const known = await recordedNames(project.results);
  if (!known.includes(name)) throw unknownName("recorded run", name, known);
  return runOf(await readRun(join(project.results, ...name.split("/"))));
}

/** The ways to look at a record. */
export function runOf(record: RunRecord): Run {
  return {
    record,
    frame: (name) => member(frames, "frame", name)(record),
    figure: (name) => member(figures, "figure", name)(record),
    summary: (format) => summaryTable(record, format),
    verdicts: () => verdicts(record),
  };
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
  /** Names that `lab.run` knows. */
  experiments: (): readonly string[] => [...presets.keys()],
} as const;

function configured(experiment: string | ExperimentInput, options: LabOptions): Experiment {
  let input: unknown = typeof experiment === "string" ? presetByName(experiment) : experiment;
  for (const assignment of options.set ?? []) input = setField(input as ExperimentInput, assignment);
  const { seeds, rounds } = options;
  const config = parseExperiment({
    ...(input as ExperimentInput),
    ...(seeds && { seeds }),
    ...(rounds !== undefined && { rounds: { ilr: rounds, dpo: rounds } }),
  });
  return options.arms === undefined ? config : withArms(config, options.arms);
}

function withArms(config: Experiment, wanted: readonly string[]): Experiment {
  const known = config.arms.map(({ name }) => name);
  for (const name of wanted) if (!known.includes(name)) throw unknownName("arm", name, known);
  const arms = config.arms.filter(({ name, method }) => method === "sft" || wanted.includes(name));
  return parseExperiment({ ...config, arms });
}

/** A line that is replaced in a notebook; on a terminal or in a file what suits it. */
function showHere(title: string): ProgressDisplay {
  const inKernel = process.argv.some((argument) => argument.startsWith("--config-path="));
  return inKernel ? showProgressLine({ title }) : showProgress({ title });
}

async function recordedNames(results: string): Promise<readonly string[]> {
  const files = await readdir(results, { recursive: true }).catch(() => []);
  const runs = files.filter((path) => path.endsWith(`${sep}points.jsonl`));
  return runs.map((path) => dirname(path).split(sep).join("/")).sort();
}

function member<T extends object>(all: T, kind: string, name: keyof T & string): T[keyof T & string] {
  if (!Object.hasOwn(all, name)) throw unknownName(kind, name, Object.keys(all));
  return all[name];
}

function unknownName(kind: string, name: string, known: readonly string[]): LabError {
  const near = nearestName(name, known);
  return new LabError("name-unknown", `there is no ${kind} ${JSON.stringify(name)}`, {
    hint: near ? `did you mean ${JSON.stringify(near)}?` : `known: ${known.join(", ") || "none"}`,
  });
}

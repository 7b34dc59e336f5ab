import { readdir } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import type { ColumnTable } from "arquero";
import { type Backend, type BackendName, openBackend } from "./backends/index.js";
import { LabError, nearestName } from "./core/index.js";
import {
  assertRunnable,
  type Experiment,
  type ExperimentInput,
  findProject,
  isConfigFile,
  type Plan,
  type Point,
  type Project,
  parseExperiment,
  parseLocated,
  planExperiment,
  presetByName,
  presets,
  type RunRecord,
  readConfigFile,
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
import {
  answersSideBySide,
  type DisplayProvenance,
  displayedAs,
  displayedVerdicts,
  labelDiff,
  notebookListens,
  type ProgressDisplay,
  type ProgressOptions,
  runCard,
  showProgress,
  showProgressLine,
  withProvenance,
} from "./notebook/index.js";
import {
  type AnswerOptions,
  armsFrame,
  type ComparedAnswers,
  compareRuns,
  comparisonsFrame,
  differenceFrame,
  type LabelChange,
  type LabelOptions,
  labelsFrame,
  roundsFrame,
  type SummaryFormat,
  storedAnswers,
  storedLabels,
  summaryTable,
  type Verdict,
  verdicts,
} from "./results/index.js";
import { openStore, type Store } from "./store/index.js";

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
  /** Size of the experiment: "micro", "small", "paper", "paper-70b". Default: the smallest that it has. */
  readonly profile?: string;
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
  /** Who runs the steps: "embedded" (the default), "process", "docker", or a backend of your own, which stays open. */
  readonly backend?: BackendName | Backend;
  /** Where results and the store are. Default: the checkout around the current folder. */
  readonly project?: Project;
}

/** A finished run, and ways to look at it; `display` shows it as a card, and each of its parts with where its numbers come from. */
export interface Run {
  readonly record: RunRecord;
  /** @throws LabError `name-unknown`. */
  frame(name: FrameName): ColumnTable;
  /** @throws LabError `name-unknown`. */
  figure(name: FigureName): Figure;
  /**
   * How much better one arm is than another, round by round: paired differences in points.
   *
   * @throws LabError `name-unknown`.
   * @example
   * display(run.difference("ILR (oracle)", "DPO (oracle)"));
   */
  difference(arm: string, other: string): ColumnTable;
  /** The results as one table. */
  summary(format?: SummaryFormat): string;
  /** What the run says about the paper's claims; `display` shows them as a table. */
  verdicts(): readonly Verdict[];
  /**
   * What the models of some arms answered to some test questions, for `display` to show side by side.
   *
   * @throws LabError `input-missing` when the answers are not in the store, as with a run that was recorded elsewhere; `name-unknown`.
   * @example
   * display(await run.answers({ arms: ["Weak supervisor", "SFT", "ILR (oracle)"], questions: 5 }));
   */
  answers(options?: AnswerOptions): Promise<readonly ComparedAnswers[]>;
  /**
   * What a round of refinement did to each label, for `display` to show word by word.
   *
   * @throws LabError as `answers` does; `config-invalid` for an arm that refines no labels.
   * @example
   * display(await run.labelChanges({ arm: "ILR (oracle)", round: 1 }));
   */
  labelChanges(options: LabelOptions): Promise<readonly LabelChange[]>;
}

/** What is known of a run besides its record. */
export interface RunOrigin {
  /** True for a run that was read from `results/`. Default: false. */
  readonly recorded?: boolean;
  /** The store that may hold its answers and labels. Default: that of the checkout around the current folder. */
  readonly store?: () => Promise<Store>;
}

/**
 * Runs an experiment, by name, as a config, or from a config file (a path that ends in .yaml or .json); steps that are in the store are not run again.
 *
 * @throws LabError `name-unknown`, `config-invalid`, `step-failed`, `cancelled`, `store-*`.
 */
async function run(experiment: string | ExperimentInput, options: LabOptions = {}): Promise<Run> {
  const config = await configured(experiment, options);
  const { store: place, results, data } = options.project ?? findProject();
  const { onProgress, signal, fromScratch = process.env.FROM_SCRATCH === "1" } = options;
  const warnings: string[] = [];
  const store = await openStore(place, { warn: (message) => void warnings.push(message) });
  const { backend: chosen = "embedded" } = options;
  assertRunnable(config, typeof chosen === "string" ? chosen : chosen.name);
  const backend = typeof chosen === "string" ? await openBackend(chosen) : chosen;
  const plan = (): Promise<Plan> => planExperiment(config, { store, backend, results, data, fromScratch });
  const progress =
    options.progress === false ? undefined : showHere({ title: config.name, backend: backend.name, plan });
  try {
    const record = await runExperiment(config, {
      ...{ store, results, data, fromScratch, backend },
      ...(signal && { signal }),
      ...(onProgress && { onPoint: onProgress }),
      ...(progress && { onActivity: progress.onActivity }),
    });
    return runOf(record, { store: async () => store });
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
  const known = await recordedNames(project.results);
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

/** The ways to look at a record. */
export function runOf(record: RunRecord, origin: RunOrigin = {}): Run {
  const { store = () => openStore(findProject().store), recorded: isRecorded = false } = origin;
  const about = <T extends object>(value: T, arms?: readonly unknown[]): T =>
    withProvenance(value, provenanceOfRun(record, isRecorded, arms));
  const run: Run = {
    record,
    frame: (name) => {
      const frame = member(frames, "frame", name)(record);
      return about(frame, frame.columnNames().includes("arm") ? Array.from(frame.array("arm")) : undefined);
    },
    figure: (name) => {
      const figure = member(figures, "figure", name)(record);
      return about(
        figure,
        figure.data.map((trace) => trace.name),
      );
    },
    difference: (arm, other) => about(differenceFrame(record, arm, other), [arm, other]),
    summary: (format) => summaryTable(record, format),
    verdicts: () => about(displayedVerdicts(verdicts(record))),
    answers: async (options = {}) =>
      about(answersSideBySide(await storedAnswers(record, await store(), options)), options.arms),
    labelChanges: async (options) =>
      about(labelDiff(await storedLabels(record, await store(), options)), [options.arm]),
  };
  return about(displayedAs(run, () => runCard(record)));
}

/** A run's steps are many; a display names those that trained the models it shows, and no more than this. */
const mostKeys = 300;

function provenanceOfRun(
  { points, provenance }: RunRecord,
  isRecorded: boolean,
  arms?: readonly unknown[],
): DisplayProvenance {
  const { experiment, machine, backend, started, ended, versions, counts, keys } = provenance;
  const shown = points.filter(({ arm }) => arms === undefined || arms.includes(arm));
  const trained = [...new Set(shown.flatMap(({ step }) => step ?? []))];
  return {
    ...{ experiment: experiment.name, title: experiment.title, seeds: experiment.seeds },
    ...{ machine, backend, started, ended, versions, counts, recorded: isRecorded },
    keys: (trained.length > 0 ? trained : keys).slice(0, mostKeys),
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
  compare,
  /** Names that `lab.run` knows. */
  experiments: (): readonly string[] => [...presets.keys()],
} as const;

async function configured(experiment: string | ExperimentInput, options: LabOptions): Promise<Experiment> {
  const { seeds, rounds, profile } = options;
  const isFile = typeof experiment === "string" && isConfigFile(experiment);
  const file = isFile ? await readConfigFile(experiment, { profile }) : undefined;
  const preset = typeof experiment === "string" && !isFile ? presetByName(experiment, profile) : experiment;
  let input: unknown = file ? file.input : preset;
  for (const assignment of options.set ?? []) input = setField(input as ExperimentInput, assignment);
  const changed = {
    ...(input as ExperimentInput),
    ...(seeds && { seeds }),
    ...(rounds !== undefined && { rounds: { ilr: rounds, dpo: rounds } }),
  };
  const config = file ? parseLocated(changed, file.locate) : parseExperiment(changed);
  return options.arms === undefined ? config : withArms(config, options.arms);
}

function withArms(config: Experiment, wanted: readonly string[]): Experiment {
  const known = config.arms.map(({ name }) => name);
  for (const name of wanted) if (!known.includes(name)) throw unknownName("arm", name, known);
  const arms = config.arms.filter(({ name, method }) => method === "sft" || wanted.includes(name));
  return parseExperiment({ ...config, arms });
}

/** A display that is replaced in a notebook; on a terminal or in a file what suits it. */
function showHere(options: ProgressOptions): ProgressDisplay {
  return notebookListens() ? showProgressLine(options) : showProgress(options);
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

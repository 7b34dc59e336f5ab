import {
  type Activity,
  type Backend,
  createRunner,
  embeddedBackend,
  type Store,
  type StoreRunner,
} from "../backends/index.js";
import { type ModelReference, openHub, resolveModel } from "../hub/index.js";
import { judgementsDigest, type People } from "../human/index.js";
import type { LogRow } from "../steps/index.js";
import { dataFolder } from "../tasks/index.js";
import { assertRunnable, type Experiment } from "./config.js";
import type { Outcome } from "./outcome.js";
import { bindOwn, type Own } from "./own/index.js";
import { calibrationOf, type Point, pointOf } from "./points.js";
import type { EvaluatorSummary, PeopleRecord, RunProvenance, RunRecord } from "./record.js";
import { runSeed, type SeedOutcome } from "./run-seed.js";
import { stepNeeds } from "./step-needs.js";
import { type OutsideReport, openTask } from "./task-of.js";

export interface RunOptions {
  readonly store: Store;
  /** The folder with recorded results and base models. */
  readonly results: string;
  /** Folder with fetched data sets, and with the lock of models of the Hub. Default: `ILR_DATA`, else `.ilr/data`. */
  readonly data?: string;
  /** Who runs the steps. Default: the embedded engine, two workers. */
  readonly backend?: Backend;
  /** Pretrain the base models instead of using the recorded ones. */
  readonly fromScratch?: boolean;
  /** Functions that the experiment names: comparison sources and refinement rules of the user's. */
  readonly own?: readonly Own[];
  /** Who answers for arms whose comparisons are people's. Default: nobody, and such a run is refused. */
  readonly people?: People | undefined;
  /** Interrupts the run; what is finished stays in the store. */
  readonly signal?: AbortSignal;
  readonly onActivity?: (activity: Activity) => void;
  /** Called with every point as soon as it is known. */
  readonly onPoint?: (point: Point) => void;
}

/**
 * Runs an experiment for all its seeds. Steps that are in the store are not run again.
 *
 * @throws LabError `config-invalid`, `input-missing` for data that must be fetched first, `unsupported`, `step-failed`, `cancelled`, `store-*`.
 * @example
 * const record = await runExperiment(parseExperiment(presetByName("micro-math/quick")), { store, results: "results" });
 */
export async function runExperiment(described: Experiment, options: RunOptions): Promise<RunRecord> {
  const { store, results, fromScratch = false, signal, onActivity, onPoint } = options;
  const { experiment, library, records: own } = bindOwn(described, options.own ?? []);
  const data = options.data ?? dataFolder();
  const started = Date.now();
  const backend = options.backend ?? embeddedBackend();
  assertRunnable(experiment, backend.name, options.people !== undefined);
  backend.expect?.(await stepNeeds(described, { ...options, backend }));
  const runner = createRunner({ store, backend, ...(signal && { signal }), ...(onActivity && { onActivity }) });
  const stopKeeping = store.keepInUse(runner.keys);
  const { task, judge, report, close } = openTask(experiment, { store, data, ...(signal && { signal }) });
  const onHub = (model: ModelReference): Promise<ModelReference> =>
    resolveModel(model, { data, hub: () => openHub({ signal }) });
  const points: Promise<Point>[] = [];
  const onOutcome = (outcome: Outcome): void => {
    const point = pointOf(runner, outcome);
    // A failure is reported by Promise.all below; this handler only keeps it from being "unhandled" until then.
    point.then(onPoint, () => {});
    points.push(point);
  };
  try {
    const seeds = await Promise.all(
      experiment.seeds.map((seed) =>
        runSeed(experiment, seed, {
          ...{ runner, store, results, fromScratch, onOutcome, task, judge, own: library, people: options.people },
          resolveModel: onHub,
        }),
      ),
    );
    const evaluators = await Promise.all(
      seeds.flatMap((outcome) => (outcome.evaluator ? [evaluatorSummary(runner, outcome)] : [])),
    );
    const provenance = {
      ...(await describeRun(runner, experiment, seeds, started)),
      ...outside(report()),
      ...(own.length > 0 && { own }),
      ...peopleAsked(options.people),
    };
    return { points: inOrder(await Promise.all(points), experiment), evaluators, provenance };
  } finally {
    stopKeeping();
    await close();
    if (options.backend === undefined) await runner.close();
  }
}

/** By seed, then by the experiment's order of arms, then by round. */
function inOrder(points: readonly Point[], experiment: Experiment): readonly Point[] {
  const place = (point: Point): number => experiment.arms.findIndex(({ name }) => name === point.arm);
  return [...points].sort((x, y) => x.seed - y.seed || place(x) - place(y) || x.round - y.round);
}

async function evaluatorSummary(
  runner: StoreRunner,
  { seed, evaluator, heldOut }: SeedOutcome,
): Promise<EvaluatorSummary> {
  const { log, validation } = evaluator!;
  const epochs = ((await runner.read(log)) as readonly LogRow[]).filter(({ split }) => split === "validation");
  const best = epochs.reduce((x, y) => (y.loss < x.loss ? y : x));
  return {
    seed,
    validationPairs: validation.rows ?? 0,
    validationAccuracy: best.accuracy ?? Number.NaN,
    validationLoss: best.loss,
    calibration: calibrationOf((await runner.read(heldOut!))!),
  };
}

/** Nothing, where nobody outside was asked. */
function outside(report: OutsideReport): { readonly outside?: OutsideReport } {
  return Object.keys(report).length === 0 ? {} : { outside: report };
}

function peopleAsked(people: People | undefined): { readonly people?: PeopleRecord } {
  if (people?.session === undefined) return {};
  const { session, simulated } = people;
  const judgements = session.judgements();
  const counts = { judgements: judgements.length, digest: judgementsDigest(judgements) };
  return { people: { person: session.person, ...(simulated && { simulated }), ...counts } };
}

async function describeRun(
  runner: StoreRunner,
  experiment: Experiment,
  seeds: readonly { readonly seed: number; readonly bases: Readonly<Record<string, string>> }[],
  started: number,
): Promise<RunProvenance> {
  const records = (await Promise.all(runner.keys().map((key) => runner.store.record(key)))).flatMap((r) => r ?? []);
  const steps = records.filter(({ document }) => document.kind === "step");
  const { executed, cached } = runner.counts().steps;
  const ended = Date.now();
  const machines = new Set(records.map(({ machine }) => `${machine.cpu}, ${machine.cores} cores, ${machine.platform}`));
  return {
    experiment,
    versions: records[0]?.versions ?? {},
    machine: [...machines].join("; "),
    backend: runner.backend.name,
    started: new Date(started).toISOString(),
    ended: new Date(ended).toISOString(),
    wallSeconds: (ended - started) / 1000,
    stepSeconds: steps.reduce((sum, { seconds }) => sum + seconds, 0),
    counts: { executed, cached },
    keys: [...runner.keys()].sort(),
    bases: Object.assign({}, ...seeds.map(({ bases }) => bases)),
  };
}

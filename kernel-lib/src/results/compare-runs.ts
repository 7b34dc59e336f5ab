import { isDeepStrictEqual } from "node:util";
import { LabError } from "../core/index.js";
import type { Arm, Experiment, Point, RunProvenance, RunRecord } from "../experiments/index.js";

/**
 * Several runs as one, so that every frame and figure shows them together. An arm that came out the same in all of them (SFT, where the
 * change did not touch it) appears once; one that did not appears once a run, as "arm, name of the run".
 *
 * @param runs by the name that sets each apart, such as "alpha 0.5".
 * @throws LabError `config-invalid` for runs of different tasks or test questions: their accuracies cannot be compared.
 * @example
 * const both = compareRuns({ "alpha 0.15": usual.record, "alpha 0.5": bold.record });
 */
export function compareRuns(runs: Readonly<Record<string, RunRecord>>): RunRecord {
  const named = Object.entries(runs);
  const records = named.map(([, run]) => run);
  if (named.length === 0) throw new LabError("config-invalid", "there are no runs to compare");
  refuseDifferentTests(named);
  const shared = new Set(armNames(records).filter((arm) => isSame(records, arm)));
  const explicit = named.map(([name, run]) => [name, spelledOut(run, records)] as const);
  const renamed = explicit.map(([name, run]) => renameArms(run, (arm) => (shared.has(arm) ? arm : `${arm}, ${name}`)));
  const points = new Map(
    renamed.flatMap((run) => run.points.map((point) => [`${point.arm}\n${point.seed}\n${point.round}`, point])),
  );
  return {
    points: [...points.values()],
    evaluators: records.find(({ evaluators }) => evaluators.length > 0)?.evaluators ?? [],
    sftOf: Object.assign({}, ...renamed.map(startsOf).reverse()) as Readonly<Record<string, string>>,
    provenance: together(
      renamed.map(({ provenance }) => provenance),
      Object.keys(runs),
    ),
  };
}

function armNames(records: readonly RunRecord[]): readonly string[] {
  return [...new Set(records.flatMap(({ points }) => points.map(({ arm }) => arm)))];
}

/** Whether all runs that have the arm have the same points of it. */
function isSame(records: readonly RunRecord[], arm: string): boolean {
  const points = records
    .map((run) => inOrder(run.points.filter((point) => point.arm === arm)))
    .filter((rows) => rows.length > 0);
  return points.every((rows) => isDeepStrictEqual(rows, points[0]));
}

function inOrder(points: readonly Point[]): readonly Point[] {
  return [...points].sort((a, b) => a.seed - b.seed || a.round - b.round);
}

/**
 * Arms say themselves what their experiments differ in, since one experiment has to stand for all of them: figures and frames find arms by
 * these fields.
 */
function spelledOut(run: RunRecord, all: readonly RunRecord[]): RunRecord {
  const { experiment } = run.provenance;
  const differs = (of: (one: Experiment) => unknown): boolean =>
    new Set(all.map(({ provenance }) => of(provenance.experiment))).size > 1;
  const { alpha, recipe } = experiment;
  const common = { ...(differs((one) => one.alpha) && { alpha }) };
  const ofDpo = {
    ...(differs((one) => one.recipe.dpo.beta) && { beta: recipe.dpo.beta }),
    ...(differs((one) => one.recipe.dpo.optimizer.lr) && { lr: recipe.dpo.optimizer.lr }),
  };
  const arms = experiment.arms.map((arm): Arm => {
    if (arm.method === "sft" || arm.method === "sft-ground-truth") return arm;
    return { ...common, ...(arm.method === "dpo" ? ofDpo : {}), ...arm };
  });
  return { ...run, provenance: { ...run.provenance, experiment: { ...experiment, arms } } };
}

function renameArms(run: RunRecord, nameOf: (arm: string) => string): RunRecord {
  const { experiment } = run.provenance;
  const arms = experiment.arms.map((arm): Arm => ({ ...arm, name: nameOf(arm.name) }));
  return {
    points: run.points.map((point) => ({ ...point, arm: nameOf(point.arm) })),
    evaluators: run.evaluators,
    provenance: { ...run.provenance, experiment: { ...experiment, arms } },
  };
}

/** The arm of SFT that a run's arms started from. */
function startsOf({ points }: RunRecord): Readonly<Record<string, string>> {
  const sft = points.find(({ method }) => method === "sft");
  return sft === undefined ? {} : Object.fromEntries(points.map(({ arm }) => [arm, sft.arm]));
}

function together(all: readonly RunProvenance[], names: readonly string[]): RunProvenance {
  const first = all[0]!;
  const sum = (of: (provenance: RunProvenance) => number): number => all.reduce((total, one) => total + of(one), 0);
  const arms = new Map(all.flatMap(({ experiment }) => experiment.arms.map((arm) => [arm.name, arm])));
  return {
    ...first,
    experiment: {
      ...first.experiment,
      title: `${first.experiment.title}: ${names.join(", ")}`,
      seeds: [...new Set(all.flatMap(({ experiment }) => experiment.seeds))].sort((a, b) => a - b),
      arms: [...arms.values()],
    },
    started: all.map(({ started }) => started).sort()[0]!,
    ended: all
      .map(({ ended }) => ended)
      .sort()
      .at(-1)!,
    wallSeconds: sum(({ wallSeconds }) => wallSeconds),
    stepSeconds: sum(({ stepSeconds }) => stepSeconds),
    counts: { executed: sum(({ counts }) => counts.executed), cached: sum(({ counts }) => counts.cached) },
    keys: [...new Set(all.flatMap(({ keys }) => keys))].sort(),
    bases: Object.assign({}, ...all.map(({ bases }) => bases)) as Readonly<Record<string, string>>,
  };
}

function refuseDifferentTests(named: readonly (readonly [string, RunRecord])[]): void {
  const testOf = ({ provenance, points }: RunRecord): string =>
    `${points[0]?.testCount} questions of ${provenance.experiment.task}`;
  const [[first, reference], ...others] = named as [readonly [string, RunRecord], ...(typeof named)[number][]];
  for (const [name, run] of others) {
    if (testOf(run) === testOf(reference)) continue;
    throw new LabError(
      "config-invalid",
      `"${first}" was tested on ${testOf(reference)}, "${name}" on ${testOf(run)}: they cannot be compared`,
      { hint: "run both with the same task and the same limit.test" },
    );
  }
}

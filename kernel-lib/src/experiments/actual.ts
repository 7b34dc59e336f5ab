import type { Store } from "../backends/index.js";
import type { AnswerRow, LogRow } from "../steps/index.js";
import type { ActionRecord } from "../store/index.js";
import type { Experiment } from "./config.js";
import { type PlanOptions, type PricedPlan, planExperiment } from "./plan.js";
import { type PricedStep, tableBytesOf } from "./planning/index.js";

/** What some steps took, or were planned to take. */
export interface Amount {
  readonly steps: number;
  /** Seconds of one worker. */
  readonly seconds: number;
  /** Tokens of the answers that were kept. */
  readonly generated: number;
  /** Tokens that were trained on, every epoch counted. */
  readonly trained: number;
  /** Bytes in the store, equal content counted once. */
  readonly bytes: number;
}

/** The plan of some steps against their records. */
export interface Comparison {
  /** A verb, an arm, `tables`, or `all steps`. */
  readonly name: string;
  readonly planned: Amount;
  readonly actual: Amount;
  /** Planned operations over recorded seconds: the operations themselves cannot be measured. */
  readonly flopsPerSecond: number;
}

/** How a plan that was made before anything ran compares with what the store says of the run. */
export interface ActualCosts {
  readonly verbs: readonly Comparison[];
  /** Every arm as if it had run alone: what arms share is in all of them. */
  readonly arms: readonly Comparison[];
  readonly all: Comparison;
  readonly tables: Comparison;
  /** Planned steps that have no record here, and are in none of the comparisons. */
  readonly missing: number;
  /** Planned steps that turned out to be others' equals: their inputs were the same. */
  readonly merged: number;
  /** The machines that the records come from. */
  readonly machines: readonly string[];
}

/** What the records do not hold, for whoever shows a comparison. */
export const NOT_RECORDED: readonly string[] = [
  "operations: the rate is planned operations over recorded seconds",
  "tokens of prompts, and of beams that were not kept",
  "accelerators that a step ran on, and their memory",
];

export interface ActualOptions extends PlanOptions {
  /** Keys of a run (`provenance.keys`): whatever code made them. Default: what the code as it is now finds in the store. */
  readonly keys?: readonly string[];
}

/**
 * Planned against actual: the plan of an empty store at assumed rates, and the records of the same steps.
 *
 * @throws LabError as `planExperiment`.
 * @example
 * const { verbs } = await actualCosts(experiment, { store, backend, results });
 * for (const { name, planned, actual } of verbs) console.log(name, planned.seconds / actual.seconds);
 */
export async function actualCosts(experiment: Experiment, options: ActualOptions): Promise<ActualCosts> {
  const { store, keys } = options;
  const before = await planExperiment(experiment, { ...options, store: asIfEmpty(store) });
  const done = keys
    ? await recordedRun(keys, store)
    : await plannedRun(await planExperiment(experiment, options), store);
  const found = pairUp(before.steps, done.steps);
  const together = async (groups: readonly (readonly [string, readonly Pair[]])[]): Promise<readonly Comparison[]> => {
    const comparisons: Comparison[] = [];
    // One after the other: answers of one group at a time are in memory.
    for (const [name, chosen] of groups) comparisons.push(await comparison(name, chosen, store));
    return comparisons;
  };
  const verbs = [...new Set(found.map(({ planned }) => planned.verb))];
  const machines = found.map(
    ({ record: { machine } }) => `${machine.cpu}, ${machine.cores} cores, ${machine.platform}`,
  );
  return {
    verbs: await together(verbs.map((verb) => [verb, found.filter(({ planned }) => planned.verb === verb)])),
    arms: await together(before.arms.map(({ name }) => [name, found.filter((pair) => isOf(pair, name))])),
    all: await comparison("all steps", found, store),
    tables: await comparedTables(before, done.tables, store),
    missing: before.steps.length - found.length,
    merged: found.length - new Set(found.map(({ record }) => record.key)).size,
    machines: [...new Set(machines)],
  };
}

/** What an arm's rounds took, by the records of their steps. */
export interface RecordedRounds {
  readonly arm: string;
  /** Seconds of one worker by round, all seeds together: steps of the method, without what only measures a model. */
  readonly seconds: readonly number[];
  /** Planned steps of these rounds that have no record here. */
  readonly missing: number;
}

/**
 * How long every arm's rounds took, each arm as if it had run alone: a step that several arms share counts for all of them.
 *
 * @throws LabError as `planExperiment`.
 * @example
 * const [ilr] = (await recordedRounds(experiment, { store, backend, results })).filter(({ arm }) => arm === "ILR (evaluator)");
 * ilr.seconds; // [41.2, 40.8, 40.1]
 */
export async function recordedRounds(
  experiment: Experiment,
  options: ActualOptions,
): Promise<readonly RecordedRounds[]> {
  const { store, keys } = options;
  const before = await planExperiment(experiment, { ...options, store: asIfEmpty(store) });
  const done = keys
    ? await recordedRun(keys, store)
    : await plannedRun(await planExperiment(experiment, options), store);
  const records = new Map(pairUp(before.steps, done.steps).map(({ planned, record }) => [planned.id, record]));
  return before.arms.map(({ name: arm }) => {
    const steps = before.steps.flatMap((step) => {
      const use = step.uses.find((candidate) => candidate.arm === arm);
      return use === undefined || step.purpose !== "method" ? [] : [{ id: step.id, round: use.round ?? 0 }];
    });
    const last = Math.max(0, ...steps.map(({ round }) => round));
    const ofRound = (round: number): readonly ActionRecord[] => [
      ...new Set(steps.flatMap((step) => (step.round === round ? (records.get(step.id) ?? []) : []))),
    ];
    return {
      arm,
      seconds: Array.from({ length: last }, (_, i) => ofRound(i + 1).reduce((sum, { seconds }) => sum + seconds, 0)),
      missing: steps.filter(({ id, round }) => round > 0 && !records.has(id)).length,
    };
  });
}

/** A step as it was planned, and its record. */
interface Pair {
  readonly planned: PricedStep;
  readonly record: ActionRecord;
}

const isOf = ({ planned }: Pair, arm: string): boolean => planned.uses.some((use) => use.arm === arm);

/** What was done: records of steps by what arms call them, and of derivations. */
interface Done {
  readonly steps: ReadonlyMap<string, readonly ActionRecord[]>;
  readonly tables: readonly ActionRecord[];
}

/** What arms call a step does not change with the code; with its verb and its seed it names a step. */
const nameOf = (label: string, verb: string, seed: number): string => JSON.stringify([label, verb, seed]);

async function recordedRun(keys: readonly string[], store: Store): Promise<Done> {
  const records = (await Promise.all(keys.map((key) => store.record(key)))).flatMap((record) => record ?? []);
  // Keys are sorted; steps of one name are told apart by when they ran.
  const inOrder = [...records].sort((x, y) => x.startedAt.localeCompare(y.startedAt));
  const steps = new Map<string, ActionRecord[]>();
  for (const record of inOrder) {
    if (record.document.kind !== "step") continue;
    const { verb, seed } = record.document.step;
    const name = nameOf(record.label, verb, seed);
    steps.set(name, [...(steps.get(name) ?? []), record]);
  }
  return { steps, tables: records.filter(({ document }) => document.kind === "derive") };
}

async function plannedRun(plan: PricedPlan, store: Store): Promise<Done> {
  const steps = new Map<string, ActionRecord[]>();
  for (const { labels, verb, stepSeed, cached, key } of plan.steps) {
    const record = cached && key !== undefined ? await store.record(key) : undefined;
    if (record === undefined) continue;
    for (const name of labels.map((label) => nameOf(label, verb, stepSeed))) {
      steps.set(name, [...(steps.get(name) ?? []), record]);
    }
  }
  const keys = plan.tables.flatMap(({ key }) => key ?? []);
  const tables = (await Promise.all(keys.map((key) => store.record(key)))).flatMap((record) => record ?? []);
  return { steps, tables };
}

/** Planned steps that have a record. */
function pairUp(planned: readonly PricedStep[], done: Done["steps"]): readonly Pair[] {
  const met = new Map<string, number>();
  return planned.flatMap((step) => {
    const names = step.labels.map((label) => nameOf(label, step.verb, step.stepSeed));
    const name = names.find((candidate) => done.has(candidate));
    if (name === undefined) return [];
    // Some steps of a round have one name (both log-probabilities): they count as met in this order, unless they turned out to be equal.
    const place = met.get(name) ?? 0;
    met.set(name, place + 1);
    const found = done.get(name)!;
    return [{ planned: step, record: found[place] ?? found.at(-1)! }];
  });
}

/** A store in which nothing is found, to plan as before the first run. */
function asIfEmpty(store: Store): Store {
  return { ...store, lookup: async () => undefined, records: async () => [] };
}

async function comparison(name: string, pairs: readonly Pair[], store: Store): Promise<Comparison> {
  const records = [...new Map(pairs.map(({ record }) => [record.key, record])).values()];
  const planned = (of: (step: PricedStep) => number): number => pairs.reduce((sum, pair) => sum + of(pair.planned), 0);
  const seconds = records.reduce((sum, record) => sum + record.seconds, 0);
  let [generated, trained] = [0, 0];
  for (const record of records) {
    const tokens = await recordedTokens(record, store);
    [generated, trained] = [generated + tokens.generated, trained + tokens.trained];
  }
  return {
    name,
    planned: {
      ...{ steps: pairs.length, seconds: planned((step) => step.seconds), bytes: planned(({ bytes }) => bytes) },
      ...{ generated: planned(({ tokens }) => tokens.generated), trained: planned(({ tokens }) => tokens.trained) },
    },
    actual: { steps: records.length, seconds, generated, trained, bytes: await storedBytes(records, store) },
    flopsPerSecond: seconds === 0 ? 0 : planned(({ flops }) => flops) / seconds,
  };
}

/** Tokens that a step's answers say they have, and that its training log says were trained on. */
export async function recordedTokens(
  { document, outputs }: ActionRecord,
  store: Store,
): Promise<Pick<Amount, "generated" | "trained">> {
  const sum = (rows: readonly { readonly tokens?: number }[]): number =>
    rows.reduce((total, { tokens = 0 }) => total + tokens, 0);
  if (document.kind !== "step") return { generated: 0, trained: 0 };
  if (outputs.answers) return { generated: sum(await store.readRows<AnswerRow>(outputs.answers.ref)), trained: 0 };
  if (!outputs.log) return { generated: 0, trained: 0 };
  const log = await store.readRows<LogRow>(outputs.log.ref);
  return { generated: 0, trained: sum(log.filter(({ split }) => split !== "validation")) };
}

/** Bytes of all outputs, as the store keeps them: equal files are one. */
async function storedBytes(records: readonly ActionRecord[], store: Store): Promise<number> {
  const sizes = new Map<string, number>();
  for (const { ref, size } of records.flatMap(({ outputs }) => Object.values(outputs))) {
    if (ref.startsWith("file:")) sizes.set(ref.slice("file:".length), size);
    else for (const file of Object.values(await store.readManifest(ref))) sizes.set(file.digest, file.size);
  }
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}

async function comparedTables(
  { tables }: PricedPlan,
  records: readonly ActionRecord[],
  store: Store,
): Promise<Comparison> {
  const none = { generated: 0, trained: 0 };
  return {
    name: "tables",
    planned: { ...none, steps: tables.length, seconds: 0, bytes: tableBytesOf(tables) },
    actual: {
      ...{ ...none, steps: records.length, seconds: records.reduce((sum, { seconds }) => sum + seconds, 0) },
      bytes: await storedBytes(records, store),
    },
    flopsPerSecond: 0,
  };
}

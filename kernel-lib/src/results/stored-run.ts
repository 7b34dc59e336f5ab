import type { Store } from "../backends/index.js";
import { LabError, nearestName } from "../core/index.js";
import type { Point, RunRecord } from "../experiments/index.js";
import { type ActionRecord, verbOf } from "../store/index.js";

/** What a run left in the store: its steps and derivations, to be searched by what they took and made. */
export interface StoredRun {
  readonly run: RunRecord;
  readonly store: Store;
  /** All of them, in the order of their keys. */
  readonly records: readonly ActionRecord[];
  /** The run's records of a verb or derivation that satisfy a condition. */
  find(name: string, matches: (record: ActionRecord) => boolean): readonly ActionRecord[];
  /** The record of a key of this run. */
  get(key: string | null): ActionRecord | undefined;
}

const known = new WeakMap<RunRecord, Promise<StoredRun>>();

/** Reads the records behind a run: some milliseconds for each hundred keys, once. */
export function storedRun(run: RunRecord, store: Store): Promise<StoredRun> {
  const found = known.get(run) ?? readStoredRun(run, store);
  known.set(run, found);
  found.catch(() => known.delete(run));
  return found;
}

async function readStoredRun(run: RunRecord, store: Store): Promise<StoredRun> {
  const all = await Promise.all(run.provenance.keys.map((key) => store.record(key)));
  const byName = new Map<string, ActionRecord[]>();
  const byKey = new Map<string, ActionRecord>();
  const records = all.flatMap((entry) => entry ?? []);
  for (const record of records) {
    byKey.set(record.key, record);
    const name = verbOf(record.document);
    byName.set(name, [...(byName.get(name) ?? []), record]);
  }
  return {
    ...{ run, store, records },
    find: (name, matches) => (byName.get(name) ?? []).filter(matches),
    get: (key) => (key === null ? undefined : byKey.get(key)),
  };
}

/**
 * Every record of the run: sums over them are those of the whole run, or there are none.
 *
 * @param what what they are for, such as "the steps".
 * @throws LabError `input-missing` when the store lacks one.
 */
export function allRecords(what: string, stored: StoredRun): readonly ActionRecord[] {
  if (stored.records.length < stored.run.provenance.keys.length) throw notStored(what, stored);
  return stored.records;
}

/** Whether something ran during the call that recorded the run; what did not, it found in the store. */
export function ranInRun({ startedAt, endedAt }: ActionRecord, { provenance }: RunRecord): boolean {
  return startedAt >= provenance.started && endedAt <= provenance.ended;
}

/** Reference of a record's input. */
export function inputOf({ document }: ActionRecord, name: string): string | undefined {
  return document.kind === "step" ? document.step.inputs[name] : document.derivation.inputs[name];
}

/** A field of a derivation's parameters. */
export function parameterOf({ document }: Pick<ActionRecord, "document">, name: string): unknown {
  if (document.kind === "step") return undefined;
  const { params } = document.derivation;
  return typeof params === "object" && params !== null
    ? (params as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

/**
 * The point of an arm, a round (default: the last) and a seed (default: the run's first).
 *
 * @throws LabError `name-unknown` when the run has no such point.
 */
export function pointAt(run: RunRecord, arm: string, seed: number | undefined, round?: number): Point {
  const arms = [...new Set(run.points.map((point) => point.arm))];
  if (!arms.includes(arm)) throw unknown("arm", arm, nearestName(arm, arms), arms);
  const wanted = seed ?? run.points[0]!.seed;
  const ofSeed = run.points.filter((point) => point.arm === arm && point.seed === wanted);
  const seeds = [...new Set(run.points.map((point) => point.seed))];
  if (ofSeed.length === 0) throw unknown("seed", wanted, undefined, seeds);
  const found = round === undefined ? ofSeed.at(-1) : ofSeed.find((point) => point.round === round);
  if (found === undefined) {
    throw unknown(
      `round of ${arm}`,
      round!,
      undefined,
      ofSeed.map((point) => point.round),
    );
  }
  return found;
}

/** Examples are in the store only: a recorded run brings its numbers along, not the answers behind them. */
export function notStored(what: string, { run }: StoredRun): LabError {
  return new LabError("input-missing", `${what} of ${run.provenance.experiment.name} are not in the store`, {
    hint: `run the experiment here: await lab.run(${JSON.stringify(run.provenance.experiment.name)})`,
  });
}

function unknown(
  kind: string,
  got: string | number,
  near: string | undefined,
  all: readonly (string | number)[],
): LabError {
  return new LabError("name-unknown", `this run has no ${kind} ${JSON.stringify(got)}`, {
    hint: near === undefined ? `it has ${all.join(", ")}` : `did you mean ${JSON.stringify(near)}?`,
  });
}

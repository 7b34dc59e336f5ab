import type { Store } from "../backends/index.js";
import { LabError } from "../core/index.js";
import type { Point, RunRecord } from "../experiments/index.js";
import type { LabelRecord } from "../methods/index.js";
import type { ActionRecord } from "../store/index.js";
import type { Question } from "../tasks/index.js";
import { inputOf, notStored, parameterOf, pointAt, type StoredRun, storedRun } from "./stored-run.js";

/** What refinement did to a label: kept it, or put a proposal in its place. */
export interface LabelChange {
  readonly question: string;
  readonly before: string;
  /** The proposal, whether or not it was accepted. */
  readonly after: string;
  /** Null where only a judge could say. */
  readonly correctBefore: boolean | null;
  readonly correctAfter: boolean | null;
  readonly accepted: boolean;
}

export interface LabelOptions {
  /** An arm of ILR or naive ILR. */
  readonly arm: string;
  /** Default: the last. */
  readonly round?: number;
  /** Default: the run's first. */
  readonly seed?: number;
}

/**
 * What one round of refinement did to each label, in the labels' order.
 *
 * @throws LabError `input-missing` when the labels are not in the store; `name-unknown` for an arm, round or seed that the run lacks;
 *   `config-invalid` for an arm that refines no labels.
 */
export async function storedLabels(
  run: RunRecord,
  store: Store,
  { arm, round, seed }: LabelOptions,
): Promise<readonly LabelChange[]> {
  const point = pointAt(run, arm, seed, round);
  if (point.accepted === null) {
    const refining = new Set(run.points.flatMap((other) => (other.accepted === null ? [] : [other.arm])));
    throw new LabError("config-invalid", `${arm} refines no labels`, {
      hint: refining.size > 0 ? `those that do: ${[...refining].join(", ")}` : "no arm of this run does",
    });
  }
  const { record, rows } = await labelRecords(await storedRun(run, store), point);
  const questions = await store.readRows<Question>(inputOf(record, "questions") as `file:${string}`);
  const texts = new Map(questions.map(({ id, question }) => [id, question]));
  return rows.map((row) => ({
    ...{ question: texts.get(row.id) ?? row.id, before: row.label, after: row.proposal },
    ...{ correctBefore: row.labelCorrect, correctAfter: row.proposalCorrect, accepted: row.accepted },
  }));
}

/**
 * What the round of refinement before a point did to each label, and the record of that refinement.
 *
 * @throws LabError `input-missing` when the labels are not in the store.
 */
export async function labelRecords(
  stored: StoredRun,
  point: Point,
): Promise<{ readonly record: ActionRecord; readonly rows: readonly LabelRecord[] }> {
  for (const record of refinements(stored, point)) {
    const rows = await stored.store.readRows<LabelRecord>(record.outputs.records!.ref);
    if (isOf(point, rows)) return { record, rows };
  }
  throw notStored(`the labels of ${point.arm}`, stored);
}

/** Refinements of the point's round whose labels its model was trained on. */
function refinements(stored: StoredRun, { step, round, seed }: Point): readonly ActionRecord[] {
  const training = stored.get(step);
  const trainedOn = training && inputOf(training, "demonstrations");
  const given = new Set(
    stored
      .find("sft/drop-malformed", ({ outputs }) => outputs.kept?.ref === trainedOn)
      .map((record) => inputOf(record, "demonstrations")),
  );
  // By what it leaves: every rule of refinement has a name of its own.
  return stored.records.filter(
    (record) =>
      record.outputs.records !== undefined &&
      given.has(record.outputs.labels?.ref) &&
      parameterOf(record, "round") === round &&
      // Rules that draw nothing have no seed; their questions have.
      [seed, undefined].includes(parameterOf(record, "seed") as number | undefined),
  );
}

/** Arms may come to the same labels by other ways; the counts tell them apart. */
function isOf(point: Point, rows: readonly LabelRecord[]): boolean {
  const replaced = rows.filter(({ accepted }) => accepted);
  const fixed = replaced.filter((row) => !row.labelCorrect && row.proposalCorrect).length;
  const broken = replaced.filter((row) => row.labelCorrect && !row.proposalCorrect).length;
  const left = rows.filter(({ dropped }) => !dropped).length;
  return (
    replaced.length === point.accepted &&
    [fixed, null].includes(point.fixed) &&
    [broken, null].includes(point.broken) &&
    [left, null].includes(point.labelCount ?? null)
  );
}

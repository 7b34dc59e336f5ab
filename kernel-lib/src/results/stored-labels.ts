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
  readonly round?: number;
  /** Kind of question, where the task has kinds. */
  readonly category?: string | undefined;
  /** The source's belief that the proposal is better; null where they were not compared. */
  readonly score?: number | null;
}

/** What became of a label: replaced (from right or wrong to right or wrong; `unjudged` where nobody knows), or kept. */
export type LabelOutcome = "fixed" | "broken" | "still right" | "still wrong" | "unjudged" | "kept";

/** Which labels are meant; what is left out does not matter. */
export interface LabelFilter {
  /** Kind of question. */
  readonly category?: string;
  readonly outcome?: LabelOutcome;
  /** Least and largest belief of the source; labels that were not compared are then left out. */
  readonly score?: readonly [least: number, most: number];
}

export interface LabelOptions extends LabelFilter {
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
  { arm, round, seed, ...filter }: LabelOptions,
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
  const known = new Map(questions.map((question) => [question.id, question]));
  const changes = rows.map((row) => ({
    ...{ question: known.get(row.id)?.question ?? row.id, before: row.label, after: row.proposal },
    ...{ correctBefore: row.labelCorrect, correctAfter: row.proposalCorrect, accepted: row.accepted },
    ...{ round: point.round, category: known.get(row.id)?.category, score: row.score },
  }));
  return changes.filter((change) => isMeant(change, filter));
}

/**
 * The same for every round of an arm.
 *
 * @throws LabError as `storedLabels`.
 */
export async function storedRefinements(
  run: RunRecord,
  store: Store,
  { arm, seed }: Pick<LabelOptions, "arm" | "seed">,
): Promise<readonly LabelChange[]> {
  const last = pointAt(run, arm, seed);
  const rounds = run.points.flatMap((point) =>
    point.arm === arm && point.seed === last.seed && point.accepted !== null ? [point.round] : [],
  );
  // An arm that refines nothing is refused in the same words.
  const wanted = rounds.length > 0 ? rounds : [last.round];
  const all = await Promise.all(wanted.map((round) => storedLabels(run, store, { arm, round, seed: last.seed })));
  return all.flat();
}

/** What became of a label. */
export function labelOutcome({ accepted, correctBefore, correctAfter }: LabelChange): LabelOutcome {
  if (!accepted) return "kept";
  if (correctBefore === null || correctAfter === null) return "unjudged";
  if (correctBefore) return correctAfter ? "still right" : "broken";
  return correctAfter ? "fixed" : "still wrong";
}

function isMeant(change: LabelChange, { category, outcome, score }: LabelFilter): boolean {
  if (category !== undefined && change.category !== category) return false;
  if (outcome !== undefined && labelOutcome(change) !== outcome) return false;
  if (score === undefined) return true;
  const belief = change.score ?? null;
  return belief !== null && belief >= score[0] && belief <= score[1];
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

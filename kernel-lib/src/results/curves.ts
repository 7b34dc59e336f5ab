import { LabError, nearestName } from "../core/index.js";
import type { Arm, Point, RunRecord } from "../experiments/index.js";
import {
  type BootstrapOptions,
  bootstrapMean,
  type Count,
  differenceInterval,
  type Interval,
  type IntervalOptions,
  type PairedTable,
  pairedTable,
  shareInterval,
  wilsonInterval,
} from "./statistics/index.js";

/** All seeds of one arm and round together. Shares are 0 to 1. */
export interface CurvePoint {
  readonly round: number;
  readonly seeds: readonly number[];
  /** Test accuracy with its 95 % interval: over the questions of one seed, over seeds where there are several (`shareInterval`). */
  readonly accuracy: Interval;
  /** By seed: one character a test question, 1 right, 0 wrong. */
  readonly correct: ReadonlyMap<number, string>;
  /**
   * Share of the training labels that are correct, mean over seeds; the interval is the range over seeds, since within a seed it is
   * counted over all labels and not estimated from some.
   */
  readonly labelAccuracy: Interval | null;
  /** Labels that the student was trained on, mean over seeds; null where a method does not decide that. */
  readonly labelCount: number | null;
  /** Means over seeds: labels replaced, of them wrong ones made right and right ones made wrong. */
  readonly accepted: number | null;
  readonly fixed: number | null;
  readonly broken: number | null;
  /** How often the source preferred the correct answer on the informative pairs it met, 95 % score interval; how many those were. */
  readonly comparisons: Interval | null;
  readonly comparisonCount: number;
  /** Divergence from the SFT model, nats an answer, mean +- 1.96 standard errors. */
  readonly kl: Interval | null;
}

/** One curve of the main figure. */
export interface ArmCurve {
  readonly arm: string;
  readonly method: Point["method"];
  /** As the experiment describes the arm; the weak supervisor has no description. */
  readonly description: Arm | undefined;
  /** By round, ascending. Curves of ILR and DPO begin at round 1; what they start from is the curve of SFT. */
  readonly points: readonly CurvePoint[];
}

const known = new WeakMap<RunRecord, readonly ArmCurve[]>();

/** Every arm's curve over rounds, seeds taken together: the weak supervisor first, then in the experiment's order. */
export function armCurves(run: RunRecord): readonly ArmCurve[] {
  const before = known.get(run);
  if (before !== undefined) return before;
  const descriptions = new Map(run.provenance.experiment.arms.map((arm) => [arm.name, arm]));
  const curves = [...grouped(run.points, ({ arm }) => arm)].map(
    ([arm, points]): ArmCurve => ({
      arm,
      method: points[0]!.method,
      description: descriptions.get(arm),
      points: [...grouped(points, ({ round }) => round)]
        .sort(([a], [b]) => a - b)
        .map(([round, ofRound]) => curvePoint(round, ofRound)),
    }),
  );
  known.set(run, curves);
  return curves;
}

/**
 * The curve of one arm.
 *
 * @throws LabError `name-unknown` for an arm that the run does not have.
 */
export function armCurve(run: RunRecord, name: string): ArmCurve {
  const curves = armCurves(run);
  const found = curves.find(({ arm }) => arm === name);
  if (found !== undefined) return found;
  const names = curves.map(({ arm }) => arm);
  const near = nearestName(name, names);
  throw new LabError("name-unknown", `there is no arm "${name}"`, {
    hint: near ? `did you mean "${near}"?` : `known: ${names.join(", ")}`,
  });
}

/** The curve of plain SFT on weak labels: round 0 of every other arm. Where runs were put together, that of an arm's own run. */
export function sftCurve(run: RunRecord, arm?: string): ArmCurve | undefined {
  const curves = armCurves(run).filter(({ method }) => method === "sft");
  const own = arm === undefined ? undefined : run.sftOf?.[arm];
  return curves.find((curve) => curve.arm === own) ?? curves[0];
}

/** The last point of a curve. */
export function lastPoint(curve: ArmCurve): CurvePoint {
  return curve.points.at(-1)!;
}

/**
 * Where two curves are compared: at the last round that both have. What has no rounds (SFT, the supervisor) has only round 0 and is held
 * against the other's last.
 */
export function comparedAt(first: ArmCurve, second: ArmCurve): readonly [CurvePoint, CurvePoint] {
  const common = first.points.findLast(({ round }) => second.points.some((point) => point.round === round));
  if (common === undefined) return [lastPoint(first), lastPoint(second)];
  return [common, second.points.find(({ round }) => round === common.round)!];
}

/** One point of a curve, or anything else with outcomes by seed: one character a question, 1 right and 0 wrong. */
export type Outcomes = Pick<CurvePoint, "correct">;

/**
 * Difference in test accuracy, first minus second, over the questions that both answered, with its 95 % interval (`differenceInterval`):
 * by seed and question, so that what makes a question or a seed hard for both cancels out.
 *
 * @returns null when they have no seed in common.
 * @throws LabError `input-damaged` when a seed's two records are of different length.
 */
export function pairedDifference(first: Outcomes, second: Outcomes, options: IntervalOptions = {}): Interval | null {
  const tables = pairedTables(first, second);
  return tables.length === 0 ? null : differenceInterval(tables, options);
}

/**
 * Who answered what right, of two points: a table for every seed that both have. All paired statistics start from it.
 *
 * @throws LabError `input-damaged` when a seed's two records are of different length.
 */
export function pairedTables(first: Outcomes, second: Outcomes): readonly PairedTable[] {
  return [...first.correct].flatMap(([seed, bits]) => {
    const others = second.correct.get(seed);
    return others === undefined ? [] : [pairedTable(seed, bits, others)];
  });
}

/**
 * The same difference with a bootstrap interval: seeds drawn with replacement, then questions within each. A second opinion; with few
 * seeds it is too short (`bootstrapMean`).
 *
 * @returns null when they have no seed in common.
 */
export function pairedBootstrap(first: Outcomes, second: Outcomes, options: BootstrapOptions = {}): Interval | null {
  const clusters = pairedTables(first, second).map(({ onlyFirst, onlySecond, both, neither }) => [
    ...Array<number>(onlyFirst).fill(1),
    ...Array<number>(onlySecond).fill(-1),
    ...Array<number>(both + neither).fill(0),
  ]);
  return clusters.length === 0 ? null : bootstrapMean(clusters, options);
}

/**
 * Test accuracy as figures and tables show it: at its own height, with the interval of its paired difference to SFT around it, so that an
 * interval which does not reach SFT's accuracy is a difference. Seeds differ in level far more than arms do within a seed, and intervals of
 * the accuracies alone would hide every difference that is there. SFT's own interval, and those of a run without SFT, are of the accuracy.
 *
 * @example
 * const shown = accuracyBesideSft(run);
 * armCurves(run).map((curve) => shown(lastPoint(curve)));
 */
export function accuracyBesideSft(run: RunRecord): (point: CurvePoint) => Interval {
  const references = new Map(
    armCurves(run).flatMap(({ arm, points }) => {
      const sft = sftCurve(run, arm);
      return sft ? points.map((point): [CurvePoint, CurvePoint] => [point, lastPoint(sft)]) : [];
    }),
  );
  return (point) => {
    const reference = references.get(point);
    const difference = reference === undefined || point === reference ? null : pairedDifference(point, reference);
    if (difference === null) return point.accuracy;
    const { value } = point.accuracy;
    return { value, low: value + difference.low - difference.value, high: value + difference.high - difference.value };
  };
}

/** The evaluator's accuracy on the pairs kept back from its training, all seeds together; null when no arm had one. */
export function heldOutAccuracy(run: RunRecord): Interval | null {
  const count = run.evaluators.reduce((sum, { validationPairs }) => sum + validationPairs, 0);
  if (count === 0) return null;
  const right = run.evaluators.reduce((sum, row) => sum + row.validationAccuracy * row.validationPairs, 0);
  return wilsonInterval(right / count, count);
}

/** How many of a point's questions were answered right. */
export function countOf({ correct }: Pick<Point, "correct">): Count {
  return { right: correct.replaceAll("0", "").length, count: correct.length };
}

function curvePoint(round: number, points: readonly Point[]): CurvePoint {
  return {
    round,
    seeds: points.map(({ seed }) => seed),
    accuracy: shareInterval(points.map(countOf)),
    correct: new Map(points.map(({ seed, correct }) => [seed, correct])),
    labelAccuracy: range(points.map(({ labelAccuracy }) => labelAccuracy)),
    labelCount: range(points.map(({ labelCount = null }) => labelCount))?.value ?? null,
    accepted: range(points.map(({ accepted }) => accepted))?.value ?? null,
    fixed: range(points.map(({ fixed }) => fixed))?.value ?? null,
    broken: range(points.map(({ broken }) => broken))?.value ?? null,
    ...comparisonsOf(points),
    kl: klOf(points),
  };
}

function comparisonsOf(points: readonly Point[]): Pick<CurvePoint, "comparisons" | "comparisonCount"> {
  const count = points.reduce((sum, point) => sum + (point.comparisonCount ?? 0), 0);
  if (count === 0) return { comparisons: null, comparisonCount: 0 };
  const right = points.reduce((sum, point) => sum + (point.comparisonAccuracy ?? 0) * (point.comparisonCount ?? 0), 0);
  return { comparisons: wilsonInterval(right / count, count), comparisonCount: count };
}

function klOf(points: readonly Point[]): Interval | null {
  const rows = points.filter(({ kl }) => kl !== null);
  if (rows.length === 0) return null;
  const value = rows.reduce((sum, { kl }) => sum + kl!, 0) / rows.length;
  const error = Math.sqrt(rows.reduce((sum, { klError }) => sum + (klError ?? 0) ** 2, 0)) / rows.length;
  return { value, low: value - 1.96 * error, high: value + 1.96 * error };
}

function range(values: readonly (number | null)[]): Interval | null {
  const present = values.filter((value) => value !== null);
  if (present.length === 0) return null;
  const value = present.reduce((sum, x) => sum + x, 0) / present.length;
  return { value, low: Math.min(...present), high: Math.max(...present) };
}

function grouped<Row, Key>(rows: readonly Row[], keyOf: (row: Row) => Key): Map<Key, Row[]> {
  const groups = new Map<Key, Row[]>();
  for (const row of rows) groups.set(keyOf(row), [...(groups.get(keyOf(row)) ?? []), row]);
  return groups;
}

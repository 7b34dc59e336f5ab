import { type ColumnTable, from } from "arquero";
import type { Point, RunRecord } from "../experiments/index.js";
import {
  type ArmCurve,
  armCurve,
  armCurves,
  type CurvePoint,
  countOf,
  heldOutAccuracy,
  lastPoint,
  pairedDifference,
  sftCurve,
} from "./curves.js";
import { type Interval, shareInterval } from "./statistics/index.js";

/**
 * One row a point: a seed, an arm and a round. Shares are in %, with the ends of their 95 % interval over test questions;
 * `kl` is in nats an answer; what does not apply is null.
 *
 * @example
 * roundsFrame(run).filter((row) => row.round === 3).orderby("accuracy");
 */
export function roundsFrame(run: RunRecord): ColumnTable {
  return from(run.points.map(roundsRow));
}

/**
 * One row an arm, at its last round, seeds together: test accuracy in % and its paired difference to SFT on weak labels in points,
 * both with 95 % intervals; label accuracy, divergence, and how good its comparisons were on held-out pairs and on those it met.
 */
export function armsFrame(run: RunRecord): ColumnTable {
  return from(armCurves(run).map((curve) => armsRow(run, curve)));
}

/**
 * One row an arm that decides about labels and round: how many were replaced, how many wrong ones made right and right ones made wrong, and how
 * many the student was trained on (fewer where a filter drops some; null in older records). Counts are means over seeds.
 */
export function labelsFrame(run: RunRecord): ColumnTable {
  return from(
    armCurves(run).flatMap(({ arm, points }) =>
      points
        .filter(({ fixed }) => fixed !== null)
        .map(({ round, labelAccuracy, accepted, fixed, broken, labelCount }) => ({
          ...{ arm, round, replaced: accepted, fixed, broken, net: fixed! - broken!, trainedOn: labelCount },
          labels: percent(labelAccuracy?.value),
        })),
    ),
  );
}

/** One row an arm and round with comparisons: their accuracy in % on held-out pairs (evaluator only) and on the pairs that were met. */
export function comparisonsFrame(run: RunRecord): ColumnTable {
  return from(
    armCurves(run).flatMap(({ arm, points, description }) =>
      points
        .filter(({ comparisons }) => comparisons !== null)
        .map(({ round, comparisons, comparisonCount }) => ({
          ...{
            arm,
            round,
            heldOut: description?.comparisons === "evaluator" ? percent(heldOutAccuracy(run)?.value) : null,
          },
          ...ends("met", comparisons),
          pairs: comparisonCount,
        })),
    ),
  );
}

export interface DifferenceOptions {
  /** The last round of each, even if one has more rounds than the other, in place of every round that both have. */
  readonly at?: "last";
  /** One row a seed and round, each with the interval of that seed's questions, in place of all seeds together. */
  readonly by?: "seed";
}

/**
 * One row a round: the paired difference in test accuracy of one arm to another, in points with its 95 % interval, over the questions and
 * seeds that both answered.
 *
 * @throws LabError `name-unknown` for an arm that the run does not have.
 * @example
 * differenceFrame(run, "ILR (oracle)", "DPO (oracle)");
 * differenceFrame(run, "SFT", "Weak supervisor", { by: "seed" });
 */
export function differenceFrame(
  run: RunRecord,
  arm: string,
  other: string,
  { at, by }: DifferenceOptions = {},
): ColumnTable {
  const [first, second] = [armCurve(run, arm).points, armCurve(run, other).points];
  const together = differenceRows(first, second, at);
  if (by === undefined) return from(together.map((row) => ({ arm, other, ...row })));
  return from(
    [...new Set(run.points.map(({ seed }) => seed))].flatMap((seed) =>
      differenceRows(ofSeed(first, seed), ofSeed(second, seed), at).map((row) => ({ arm, other, seed, ...row })),
    ),
  );
}

type Outcome = Pick<CurvePoint, "round" | "correct">;

function differenceRows(first: readonly Outcome[], second: readonly Outcome[], at?: "last"): readonly object[] {
  if (at === "last") {
    const [point, against] = [first.at(-1), second.at(-1)];
    if (point === undefined || against === undefined) return [];
    const rounds = { round: point.round, otherRound: against.round };
    return [{ ...rounds, ...ends("difference", pairedDifference(point, against)) }];
  }
  return first.flatMap((point) => {
    // An arm without rounds, such as SFT, is held against every round.
    const against = second.length === 1 ? second[0] : second.find(({ round }) => round === point.round);
    const difference = against && pairedDifference(point, against);
    return difference ? [{ round: point.round, ...ends("difference", difference) }] : [];
  });
}

/** What one seed answered, in the rounds that it has. */
function ofSeed(points: readonly CurvePoint[], seed: number): readonly Outcome[] {
  return points.flatMap(({ round, correct }) => {
    const bits = correct.get(seed);
    return bits === undefined ? [] : [{ round, correct: new Map([[seed, bits]]) }];
  });
}

function roundsRow(point: Point): object {
  const { seed, arm, method, round, accepted, fixed, broken, kl, klError } = point;
  return {
    ...{ seed, arm, method, round },
    ...ends("accuracy", shareInterval([countOf(point)])),
    labels: percent(point.labelAccuracy),
    proposals: percent(point.proposalAccuracy),
    ...{ accepted, fixed, broken },
    met: percent(point.comparisonAccuracy),
    pairs: point.comparisonCount,
    selected: percent(point.selectedAccuracy),
    selectedPairs: point.selectedCount,
    ...{ kl, klError },
  };
}

function armsRow(run: RunRecord, curve: ArmCurve): object {
  const { arm, method, description } = curve;
  const last = lastPoint(curve);
  const sft = sftCurve(run);
  return {
    ...{ arm, method, round: last.round, seeds: last.seeds.length },
    ...ends("accuracy", last.accuracy),
    ...ends("gain", sft && sft !== curve ? pairedDifference(last, lastPoint(sft)) : null),
    labels: percent(last.labelAccuracy?.value),
    kl: last.kl?.value ?? null,
    heldOut: description?.comparisons === "evaluator" ? percent(heldOutAccuracy(run)?.value) : null,
    met: percent(last.comparisons?.value),
  };
}

/** Three columns: an estimate and the ends of its interval, in %. */
function ends(name: string, interval: Interval | null): Record<string, number | null> {
  return {
    [name]: percent(interval?.value),
    [`${name}Low`]: percent(interval?.low),
    [`${name}High`]: percent(interval?.high),
  };
}

function percent(share: number | null | undefined): number | null {
  return share === null || share === undefined ? null : 100 * share;
}

import type { ColumnTable } from "arquero";
import type { RunRecord } from "../../experiments/index.js";
import { armCurve, type CurvePoint, pairedDifference } from "../curves.js";
import { frameOf, type Row } from "./frame.js";
import { endColumns, ends } from "./percent.js";
import { pointColumns } from "./point-columns.js";

const difference = endColumns(
  "difference",
  "points",
  "Test accuracy of arm less that of other, on the questions and seeds that both answered",
  "over seeds, or over the questions of one",
);

const arms = {
  arm: pointColumns.arm,
  other: { ...pointColumns.arm, meaning: "The arm that it is held against." },
} as const;

const { round, seed } = pointColumns;

const columns = { round, ...difference } as const;

const columnsAtLast = {
  round: { ...round, meaning: "The last round of arm." },
  otherRound: { ...round, meaning: "The last round of other." },
  ...difference,
} as const;

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
  const about = at === "last" ? columnsAtLast : columns;
  if (by === undefined) {
    const rows = differenceRows(first, second, at);
    return frameOf(
      { ...arms, ...about },
      rows.map((row) => ({ arm, other, ...row })),
    );
  }
  const rows = [...new Set(run.points.map((point) => point.seed))].flatMap((one) =>
    differenceRows(ofSeed(first, one), ofSeed(second, one), at).map((row) => ({ arm, other, seed: one, ...row })),
  );
  return frameOf({ ...arms, seed, ...about }, rows);
}

type Outcome = Pick<CurvePoint, "round" | "correct">;
type DifferenceRow = Row<typeof columns> & Partial<Row<typeof columnsAtLast>>;

function differenceRows(first: readonly Outcome[], second: readonly Outcome[], at?: "last"): readonly DifferenceRow[] {
  if (at === "last") {
    const [point, against] = [first.at(-1), second.at(-1)];
    if (point === undefined || against === undefined) return [];
    const rounds = { round: point.round, otherRound: against.round };
    return [{ ...rounds, ...ends("difference", pairedDifference(point, against)) }];
  }
  return first.flatMap((point) => {
    // An arm without rounds, such as SFT, is held against every round.
    const against = second.length === 1 ? second[0] : second.find((other) => other.round === point.round);
    const gain = against && pairedDifference(point, against);
    return gain ? [{ round: point.round, ...ends("difference", gain) }] : [];
  });
}

/** What one seed answered, in the rounds that it has. */
function ofSeed(points: readonly CurvePoint[], wanted: number): readonly Outcome[] {
  return points.flatMap((point) => {
    const bits = point.correct.get(wanted);
    return bits === undefined ? [] : [{ round: point.round, correct: new Map([[wanted, bits]]) }];
  });
}

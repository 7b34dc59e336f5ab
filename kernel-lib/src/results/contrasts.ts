import { type ColumnTable, from } from "arquero";
import type { RunRecord } from "../experiments/index.js";
import { type ArmCurve, armCurves, comparedAt, pairedTables } from "./curves.js";
import {
  differenceInterval,
  differencePValue,
  effectSize,
  holm,
  type Interval,
  type PairedTable,
  permutationTest,
} from "./statistics/index.js";

/**
 * Every pair of arms at the last round that both have, over the seeds and questions that both answered: one row a pair.
 *
 * `difference` is the first arm's test accuracy minus the other's, in points with its 95 % interval; `p` belongs to it and `pHolm` allows
 * for all pairs of the table. `pQuestions` and `pSeeds` are permutation tests over questions within seeds (can these models be told
 * apart?) and over seeds. `onlyArm` and `onlyOther` count the questions that only one of the two answered right, `oddsRatio` is their
 * ratio; `cohensH` is the effect size of the two accuracies.
 *
 * @example
 * contrastsFrame(run).filter((row) => row.pHolm < 0.05).orderby(desc("difference"));
 */
export function contrastsFrame(run: RunRecord): ColumnTable {
  const compared = pairsOf(armCurves(run)).flatMap(([first, second]) => {
    const [a, b] = comparedAt(first, second);
    const tables = pairedTables(a, b);
    const named = { arm: first.arm, other: second.arm, round: a.round, otherRound: b.round, seeds: tables.length };
    return tables.length === 0 ? [] : [{ named, tables, p: differencePValue(tables) }];
  });
  const adjusted = holm(compared.map(({ p }) => p));
  return from(
    compared.map(({ named, tables, p }, i) => ({
      ...named,
      ...inPoints(differenceInterval(tables)),
      ...{ p, pHolm: adjusted[i]!.p },
      ...permutations(tables),
      ...effects(tables),
    })),
  );
}

function inPoints({ value, low, high }: Interval): object {
  return { difference: 100 * value, differenceLow: 100 * low, differenceHigh: 100 * high };
}

function permutations(tables: readonly PairedTable[]): { pQuestions: number; pSeeds: number } {
  return { pQuestions: permutationTest(tables, "questions").p, pSeeds: permutationTest(tables, "seeds").p };
}

function effects(tables: readonly PairedTable[]): object {
  const { onlyFirst: onlyArm, onlySecond: onlyOther, oddsRatio, cohensH } = effectSize(tables);
  return { onlyArm, onlyOther, oddsRatio, cohensH };
}

/** Each pair once, in the experiment's order; what has no rounds comes second, so that gains over it are positive. */
function pairsOf(curves: readonly ArmCurve[]): readonly (readonly [ArmCurve, ArmCurve])[] {
  const isReference = ({ points }: ArmCurve): boolean => points.every(({ round }) => round === 0);
  return curves.flatMap((first, i) =>
    curves
      .slice(i + 1)
      .map((second) =>
        isReference(first) && !isReference(second) ? ([second, first] as const) : ([first, second] as const),
      ),
  );
}

import type { ColumnTable } from "arquero";
import type { RunRecord } from "../../experiments/index.js";
import { type ArmCurve, armCurves, comparedAt, pairedTables } from "../curves.js";
import {
  differenceInterval,
  differencePValue,
  effectSize,
  holm,
  type PairedTable,
  permutationTest,
} from "../statistics/index.js";
import { defineFrame, frameOf, type Row } from "./frame.js";
import { endColumns, ends } from "./percent.js";
import { pointColumns } from "./point-columns.js";

const p = { type: "number", unit: "probability" } as const;

const columns = {
  arm: pointColumns.arm,
  other: { ...pointColumns.arm, meaning: "The arm that it is held against." },
  round: { ...pointColumns.round, meaning: "Round of arm: the last that both have; 0 for arms without rounds." },
  otherRound: { ...pointColumns.round, meaning: "Round of other." },
  seeds: { type: "integer", unit: "seeds", meaning: "How many seeds both have." },
  ...endColumns(
    "difference",
    "points",
    "Test accuracy of arm less that of other, on the questions and seeds that both answered",
    "over seeds, or over the questions of one",
  ),
  p: { ...p, meaning: "The p-value that belongs to the interval: below 0.05 where it excludes zero." },
  pHolm: { ...p, meaning: "The same, allowing for all pairs of the table (Holm)." },
  pQuestions: {
    ...p,
    meaning:
      "The p-value of a permutation test over questions within seeds: small where these models can be told apart.",
  },
  pSeeds: { ...p, meaning: "The p-value of a permutation test over seeds." },
  onlyArm: { type: "integer", unit: "questions", meaning: "Questions that only arm answered right." },
  onlyOther: { type: "integer", unit: "questions", meaning: "Questions that only other answered right." },
  oddsRatio: { type: "number", unit: "ratio", meaning: "The ratio of the two (McNemar); null where it has no value." },
  cohensH: { type: "number", unit: "rad", meaning: "Effect size of the two accuracies (Cohen's h)." },
} as const;

export const contrasts = defineFrame(columns, (run: RunRecord): readonly Row<typeof columns>[] => {
  const compared = pairsOf(armCurves(run)).flatMap(([first, second]) => {
    const [a, b] = comparedAt(first, second);
    const tables = pairedTables(a, b);
    const named = { arm: first.arm, other: second.arm, round: a.round, otherRound: b.round, seeds: tables.length };
    return tables.length === 0 ? [] : [{ named, tables, p: differencePValue(tables) }];
  });
  const adjusted = holm(compared.map((one) => one.p));
  return compared.map(({ named, tables, p: value }, i) => ({
    ...named,
    ...ends("difference", differenceInterval(tables)),
    ...{ p: value, pHolm: adjusted[i]!.p },
    ...permutations(tables),
    ...effects(tables),
  }));
});

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
  return frameOf(contrasts.columns, contrasts.rowsOf(run));
}

function permutations(tables: readonly PairedTable[]): { pQuestions: number; pSeeds: number } {
  return { pQuestions: permutationTest(tables, "questions").p, pSeeds: permutationTest(tables, "seeds").p };
}

type Effects = Pick<Row<typeof columns>, "onlyArm" | "onlyOther" | "oddsRatio" | "cohensH">;

function effects(tables: readonly PairedTable[]): Effects {
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

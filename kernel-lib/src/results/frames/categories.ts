import type { ColumnTable } from "arquero";
import { LabError } from "../../core/index.js";
import type { RunRecord } from "../../experiments/index.js";
import type { Task } from "../../tasks/index.js";
import { armCurves, type CurvePoint, lastPoint } from "../curves.js";
import { type Count, shareInterval } from "../statistics/index.js";
import { frameOf } from "./frame.js";
import { endColumns, ends } from "./percent.js";
import { pointColumns } from "./point-columns.js";

const columns = {
  arm: pointColumns.arm,
  round: { ...pointColumns.round, meaning: "The arm's last round, which the row is about; 0 for arms without rounds." },
  category: { type: "text", unit: "name", meaning: "Kind of test question: a template, a difficulty." },
  questions: {
    type: "integer",
    unit: "questions",
    meaning: "How many such questions were answered, all seeds together.",
  },
  ...endColumns("accuracy", "%", "Of them answered right, seeds together", "over seeds, or over the questions of one"),
} as const;

/**
 * One row an arm and kind of test question (`Question.category`: a template, a difficulty), at the arm's last round, seeds together: test accuracy in % with
 * its 95 % interval. A record keeps the outcome of every question in the split's order, and the task draws the same questions
 * again: nothing but the record is needed, and for the paper's tasks their data.
 *
 * @param task the run's.
 * @throws LabError `input-damaged` when the record has more questions than the task has, `input-missing` where the task's data is not here.
 * @example
 * (await accuracyByCategory(run, taskByName("micro-math"))).filter((row) => row.arm === "Weak supervisor").orderby("accuracy");
 */
export async function accuracyByCategory(run: RunRecord, task: Task): Promise<ColumnTable> {
  const seeds = [...new Set(run.points.map(({ seed }) => seed))];
  const kinds = new Map<number, readonly string[]>();
  for (const seed of seeds) {
    const { test } = await task.splits(seed);
    kinds.set(
      seed,
      test.map(({ category }) => category ?? "(none)"),
    );
  }
  const names = [...new Set([...kinds.values()].flat())].sort();
  return frameOf(
    columns,
    armCurves(run).flatMap((curve) => {
      const point = lastPoint(curve);
      return names.flatMap((category) => {
        const counts = countsOf(point, category, kinds);
        if (counts.length === 0) return [];
        return {
          ...{ arm: curve.arm, round: point.round, category },
          questions: counts.reduce((sum, { count }) => sum + count, 0),
          ...ends("accuracy", shareInterval(counts)),
        };
      });
    }),
  );
}

/** How many questions of a kind were answered right, for each seed that has any. */
function countsOf(
  { correct }: CurvePoint,
  category: string,
  kinds: ReadonlyMap<number, readonly string[]>,
): readonly Count[] {
  return [...correct].flatMap(([seed, bits]) => {
    const kindOf = kinds.get(seed)!;
    if (bits.length > kindOf.length) {
      throw new LabError(
        "input-damaged",
        `seed ${seed} has ${bits.length} answers to ${kindOf.length} test questions`,
        {
          hint: "the run was recorded with another version of the task's data: run the experiment again",
        },
      );
    }
    const own = [...bits].filter((_, i) => kindOf[i] === category);
    return own.length === 0 ? [] : [{ right: own.filter((bit) => bit === "1").length, count: own.length }];
  });
}

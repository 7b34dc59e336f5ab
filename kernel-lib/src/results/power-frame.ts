import type { ColumnTable } from "arquero";
import { LabError } from "../core/index.js";
import type { RunRecord } from "../experiments/index.js";
import { claimContrasts } from "./claims/index.js";
import { armCurve, comparedAt, pairedTables } from "./curves.js";
import { type Columns, frameOf, pointColumns, type Row } from "./frames/index.js";
import { type PowerAnalysis, powerAnalysis } from "./statistics/index.js";

const columns = {
  arm: pointColumns.arm,
  other: { ...pointColumns.arm, meaning: "The arm that it is held against." },
  round: { ...pointColumns.round, meaning: "Round of arm: the last that both have; 0 for arms without rounds." },
  difference: { type: "number", unit: "points", meaning: "The difference in test accuracy that is to be seen." },
  seeds: { type: "integer", unit: "seeds", meaning: "Seeds of this study." },
  questions: { type: "number", unit: "questions", meaning: "Test questions of a seed." },
  betweenSeeds: {
    type: "number",
    unit: "points",
    meaning: "Standard deviation of a seed's true difference; null for one seed.",
  },
  withinSeed: { type: "number", unit: "points", meaning: "Standard deviation of a question's difference." },
  power: { type: "number", unit: "probability", meaning: "How often a study like this one shows the difference." },
  seedsNeeded: { type: "integer", unit: "seeds", meaning: "Seeds that would show it; null where up to 1,000 do not." },
  questionsNeeded: {
    type: "integer",
    unit: "questions",
    meaning: "Test questions a seed that would show it; null where up to 16 million do not.",
  },
  smallest: { type: "number", unit: "points", meaning: "The smallest difference that this study can see." },
} as const satisfies Columns;

/** What one would like to see. */
export interface PowerQuestion {
  /** A difference in test accuracy, in points. Default: 2. */
  readonly difference?: number;
  /** How often it should be seen. Default: 0.8, four studies out of five. */
  readonly power?: number;
  /** Of these two arms only. Default: every comparison that bears on a claim. */
  readonly arms?: readonly [arm: string, other: string];
}

/**
 * How many seeds and questions it would take to see a difference of some points, judged by the spread that the run measured: one row a
 * comparison, in points. `betweenSeeds` and `withinSeed` are the standard deviations of a seed's true difference (null for one seed) and
 * of a question's; `power` is how often a study like this one shows the difference; `seedsNeeded` and `questionsNeeded` would show it,
 * one at a time (null: no number up to 1,000 seeds or 16 million questions does); `smallest` is what this study can see.
 *
 * @throws LabError `config-invalid` for a difference or power that is none, `name-unknown` for an arm that the run does not have.
 * @example
 * display(powerFrame(run, { difference: 2 }));
 */
export function powerFrame(run: RunRecord, { difference = 2, power = 0.8, arms }: PowerQuestion = {}): ColumnTable {
  if (!(difference > 0 && difference <= 100)) {
    throw new LabError(
      "config-invalid",
      `the difference to be seen is ${difference}; expected points above 0, up to 100`,
      {
        hint: "2 is a difference of 2 points",
      },
    );
  }
  const contrasts = arms ? [{ first: arms[0], second: arms[1] }] : claimContrasts(run);
  return frameOf(
    columns,
    contrasts.flatMap(({ first, second }) => {
      const [a, b] = comparedAt(armCurve(run, first), armCurve(run, second));
      const tables = pairedTables(a, b);
      if (tables.length === 0) return [];
      const named = { arm: first, other: second, round: a.round, difference };
      return [{ ...named, ...inPoints(powerAnalysis(tables, { difference: difference / 100, power })) }];
    }),
  );
}

function inPoints(analysis: PowerAnalysis): Omit<Row<typeof columns>, "arm" | "other" | "round" | "difference"> {
  const { seeds, questions, betweenSeeds, withinSeed, power, seedsNeeded, questionsNeeded, smallestDifference } =
    analysis;
  const points = (share: number | null): number | null => (share === null ? null : 100 * share);
  return {
    ...{ seeds, questions, betweenSeeds: points(betweenSeeds), withinSeed: points(withinSeed) },
    ...{ power, seedsNeeded, questionsNeeded, smallest: points(smallestDifference) },
  };
}

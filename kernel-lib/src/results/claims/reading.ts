import type { RunRecord } from "../../experiments/index.js";
import { type ArmCurve, armCurves, comparedAt, pairedTables } from "../curves.js";
import {
  differenceInterval,
  differenceTest,
  type EffectSize,
  effectSize,
  type Interval,
  LEVEL,
  type PairedTable,
  type PowerAnalysis,
  powerAnalysis,
  questionsOf,
} from "../statistics/index.js";
import { type Contrast, type Expectation, MARGIN, type Outcome, outcomeOf } from "./claim.js";

/** One comparison of two arms that bears on a claim. */
export interface Reading {
  /** Such as "ILR (evaluator) - DPO (evaluator), round 3". */
  readonly compares: string;
  /** Name of the experiment that it was read from. */
  readonly run: string;
  readonly seeds: number;
  /** Test questions a seed. */
  readonly questions: number;
  /** Paired difference in test accuracy, share of questions, with its 95 % interval. */
  readonly difference: Interval;
  /** What the claim says about the difference. */
  readonly expects: Expectation;
  /** Two-sided p-value: against no difference, or, where `no-gain` is expected, against the nearer of no gain and a gain of the margin. */
  readonly p: number;
  /** Holm's p-value over all primary readings that were taken together; null for the others, which decide nothing. */
  readonly adjusted: number | null;
  /** Of a primary reading by `adjusted`, of another by its interval alone. */
  readonly outcome: Outcome;
  readonly effect: EffectSize;
  /** What it would take to see a difference of the margin; of inconclusive primary readings, null for others. */
  readonly power: PowerAnalysis | null;
}

/** A contrast with the answers behind it, before it is known how many others are read with it. */
export interface Measured extends Omit<Reading, "adjusted" | "outcome" | "power"> {
  readonly tables: readonly PairedTable[];
}

/** Undefined when the run lacks an arm, or the two have no seed in common. */
export function measured(run: RunRecord, { first, second, expects }: Contrast): Measured | undefined {
  const [a, b] = [first, second].map((name) => armCurves(run).find(({ arm }) => arm === name));
  if (a === undefined || b === undefined) return undefined;
  const [at, against] = comparedAt(a, b);
  const tables = pairedTables(at, against);
  if (tables.length === 0) return undefined;
  return {
    compares: nameOf(a, at.round, b, against.round),
    run: run.provenance.experiment.name,
    seeds: tables.length,
    questions: questionsOf(tables[0]!),
    difference: differenceInterval(tables),
    ...{ expects, p: pValueOf(expects, tables), effect: effectSize(tables) },
    tables,
  };
}

/**
 * The reading with its outcome.
 *
 * @param adjusted Holm's p-value among the primary readings, and how many of these were still in play: the outcome is what the interval
 *   at that level says. Undefined for a reading that is not primary, whose outcome is that of its 95 % interval.
 */
export function decided(
  { tables, ...reading }: Measured,
  adjusted?: { readonly p: number; readonly remaining: number },
): Reading {
  const { expects, difference } = reading;
  if (adjusted === undefined) {
    return { ...reading, adjusted: null, outcome: outcomeOf(expects, difference), power: null };
  }
  const isRejected = adjusted.p <= 1 - LEVEL;
  const level = 1 - (1 - LEVEL) / adjusted.remaining;
  const outcome = isRejected ? outcomeOf(expects, differenceInterval(tables, { level })) : "inconclusive";
  const power = outcome === "inconclusive" ? powerAnalysis(tables, { difference: MARGIN }) : null;
  return { ...reading, adjusted: adjusted.p, outcome, power };
}

/**
 * Each expectation has a hypothesis that must fall for it to hold, and one that must fall for it to be contradicted. Not both can be
 * true, so that twice the smaller p-value is that of the three-way decision.
 */
function pValueOf(expects: Expectation, tables: readonly PairedTable[]): number {
  const { above, below } = differenceTest(tables);
  const other = expects === "no-gain" ? differenceTest(tables, MARGIN).below : below;
  return Math.min(1, 2 * Math.min(above, other));
}

function nameOf(first: ArmCurve, round: number, second: ArmCurve, otherRound: number): string {
  const rounds = round === otherRound || otherRound === 0 ? `round ${round}` : `rounds ${round} and ${otherRound}`;
  return `${first.arm} - ${second.arm}${round > 0 ? `, ${rounds}` : ""}`;
}

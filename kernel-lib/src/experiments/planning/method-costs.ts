import type { PricedStep, StepUse } from "./priced-step.js";
import { type Cost, costOf } from "./totals.js";

/** An arm as far as its cost is told: equal comparisons make two arms comparable. */
export interface PlannedArm {
  readonly name: string;
  readonly method: string;
  /** Where its comparisons come from, as text; undefined for a method that compares nothing. */
  readonly comparisons?: string;
}

/** What one arm takes, as if it ran alone, over all seeds of the plan. */
export interface MethodCost {
  readonly arm: PlannedArm;
  /** Before the first round: base models, weak supervisor and its labels, the SFT model, the evaluator. */
  readonly preparation: Cost;
  /** Round by round, without what only measures a model. */
  readonly rounds: readonly Cost[];
  /** Preparation and rounds. */
  readonly total: Cost;
  /** Test answers and divergences: for reports, no part of the method. */
  readonly measurement: Cost;
  /** Of preparation and rounds, what no other arm needs. */
  readonly own: Cost;
}

/** What the costs of methods are told from. */
export interface ArmSteps {
  readonly arms: readonly PlannedArm[];
  readonly steps: readonly PricedStep[];
}

/**
 * The cost of every arm, per round and in total; what the paper's reviewers asked of ILR against DPO.
 *
 * @example
 * const [ilr] = methodCosts(plan).filter(({ arm }) => arm.method === "ilr");
 * ilr.rounds.map(({ flops }) => flops);
 */
export function methodCosts({ arms, steps }: ArmSteps): readonly MethodCost[] {
  return arms.map((arm) => {
    const isOwn = (use: StepUse): boolean => use.arm === arm.name;
    const needed = steps.flatMap((step) => {
      const use = step.uses.find(isOwn);
      return use === undefined ? [] : [{ step, round: use.round ?? 0 }];
    });
    const method = needed.filter(({ step }) => step.purpose === "method");
    const of = (chosen: typeof needed): Cost => costOf(chosen.map(({ step }) => step));
    const last = Math.max(0, ...method.map(({ round }) => round));
    return {
      arm,
      preparation: of(method.filter(({ round }) => round === 0)),
      rounds: Array.from({ length: last }, (_, k) => of(method.filter(({ round }) => round === k + 1))),
      total: of(method),
      measurement: of(needed.filter(({ step }) => step.purpose === "measurement")),
      own: of(method.filter(({ step }) => step.uses.every(isOwn))),
    };
  });
}

/** How many times as much one arm takes as another with the same comparisons. */
export interface CostRatio {
  readonly numerator: MethodCost;
  readonly denominator: MethodCost;
  /** Of a mean round. */
  readonly round: Ratios;
  /** Of all rounds, preparation left out. */
  readonly rounds: Ratios;
  /** Of preparation and rounds. */
  readonly total: Ratios;
}

export interface Ratios {
  readonly flops: number;
  readonly generated: number;
  readonly trained: number;
  readonly seconds: number;
}

/**
 * The cost of every arm of one method over that of the arms of another with the same comparisons.
 *
 * @example
 * for (const { numerator, round } of costRatios(methodCosts(plan), "ilr", "dpo")) console.log(numerator.arm.name, round.flops);
 */
export function costRatios(costs: readonly MethodCost[], method: string, other: string): readonly CostRatio[] {
  const of = (name: string): readonly MethodCost[] => costs.filter(({ arm }) => arm.method === name);
  return of(method).flatMap((numerator) =>
    of(other)
      .filter(({ arm }) => arm.comparisons === numerator.arm.comparisons)
      .map((denominator) => {
        const [x, y] = [summed(numerator.rounds), summed(denominator.rounds)];
        const perRound = denominator.rounds.length / numerator.rounds.length;
        return {
          ...{ numerator, denominator, rounds: ratios(x, y), round: ratios(x, y, perRound) },
          total: ratios(numerator.total, denominator.total),
        };
      }),
  );
}

type Amounts = Pick<Cost, "flops" | "tokens" | "seconds">;

function summed(costs: readonly Amounts[]): Amounts {
  const sum = (of: (cost: Amounts) => number): number => costs.reduce((total, cost) => total + of(cost), 0);
  return {
    flops: sum(({ flops }) => flops),
    seconds: sum(({ seconds }) => seconds),
    tokens: {
      read: sum(({ tokens }) => tokens.read),
      generated: sum(({ tokens }) => tokens.generated),
      trained: sum(({ tokens }) => tokens.trained),
    },
  };
}

function ratios(x: Amounts, y: Amounts, times = 1): Ratios {
  return {
    flops: (times * x.flops) / y.flops,
    generated: (times * x.tokens.generated) / y.tokens.generated,
    trained: (times * x.tokens.trained) / y.tokens.trained,
    seconds: (times * x.seconds) / y.seconds,
  };
}

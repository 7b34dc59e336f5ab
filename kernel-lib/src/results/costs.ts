import { type ColumnTable, from } from "arquero";
import { type MethodCost, methodCosts, type PricedPlan } from "../experiments/index.js";

/**
 * One row an arm: what it takes by a plan, as if it ran alone, a seed on average. Tokens and floating-point operations before the first round and
 * of a mean round (null for arms without rounds), its seconds on the plan's device, and operations in all. What only measures a model is left out.
 *
 * @example
 * costsFrame(await planExperiment(experiment, options)).select("arm", "trained", "generated", "flops", "total");
 */
export function costsFrame(plan: PricedPlan): ColumnTable {
  return from(methodCosts(plan).map((cost) => costsRow(cost, plan.seeds.length)));
}

function costsRow({ arm, preparation, rounds, total }: MethodCost, seeds: number): object {
  const aRound = (of: (round: MethodCost["total"]) => number): number | null =>
    rounds.length === 0 ? null : rounds.reduce((sum, round) => sum + of(round), 0) / rounds.length / seeds;
  return {
    ...{ arm: arm.name, method: arm.method, rounds: rounds.length },
    before: preparation.flops / seeds,
    trained: aRound(({ tokens }) => tokens.trained),
    generated: aRound(({ tokens }) => tokens.generated),
    flops: aRound(({ flops }) => flops),
    seconds: aRound(({ seconds }) => seconds),
    total: total.flops / seeds,
  };
}

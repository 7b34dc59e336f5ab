import type { ColumnTable } from "arquero";
import { type MethodCost, methodCosts, type PricedPlan } from "../../experiments/index.js";
import { frameOf, type Row } from "./frame.js";
import { pointColumns } from "./point-columns.js";

const columns = {
  arm: pointColumns.arm,
  method: pointColumns.method,
  rounds: { type: "integer", unit: "rounds", meaning: "How many rounds the arm has; 0 for arms without." },
  before: { type: "number", unit: "FLOP", meaning: "Planned operations before the first round, one seed." },
  trained: {
    type: "number",
    unit: "tokens",
    meaning: "Planned tokens that a mean round trains on, every epoch counted, one seed.",
  },
  generated: {
    type: "number",
    unit: "tokens",
    meaning: "Planned tokens of the answers that a mean round keeps, one seed.",
  },
  flops: { type: "number", unit: "FLOP", meaning: "Planned operations of a mean round, one seed." },
  seconds: { type: "number", unit: "s", meaning: "Planned time of a mean round on the plan's device, one seed." },
  total: { type: "number", unit: "FLOP", meaning: "Planned operations in all, one seed." },
} as const;

/**
 * One row an arm: what it takes by a plan, as if it ran alone, a seed on average. Tokens and floating-point operations before the first round and
 * of a mean round (null for arms without rounds), its seconds on the plan's device, and operations in all. What only measures a model is left out.
 *
 * @example
 * costsFrame(await planExperiment(experiment, options)).select("arm", "trained", "generated", "flops", "total");
 */
export function costsFrame(plan: PricedPlan): ColumnTable {
  return frameOf(
    columns,
    methodCosts(plan).map((cost) => costsRow(cost, plan.seeds.length)),
  );
}

function costsRow({ arm, preparation, rounds, total }: MethodCost, seeds: number): Row<typeof columns> {
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

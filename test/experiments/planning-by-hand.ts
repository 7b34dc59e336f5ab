import type { StoreRunner } from "../../kernel-lib/src/backends/index.js";
import { createPlanner, type PlanScope, type PricedStep } from "../../kernel-lib/src/experiments/planning/index.js";
import type { Runner } from "../../kernel-lib/src/steps/index.js";

/** A runner that executes no step and writes nothing: it notes what would run, and what that would cost. */
export interface PlanningRunner extends Runner {
  /** Every step that was asked for, once, in order. */
  steps(): readonly PricedStep[];
}

/**
 * A plan of steps that are asked for by hand, outside an experiment.
 *
 * @example
 * const plan = planningRunner(runner, { tokens: task.typicalTokens, rates: assumedRates(undefined) });
 * await plan.step("sft", params, { model, demonstrations }, { seed: 0, label: "SFT" });
 * plan.steps()[0].flops;
 */
export function planningRunner(runner: StoreRunner, prices: Pick<PlanScope, "tokens" | "rates">): PlanningRunner {
  const planner = createPlanner(runner);
  const scope = { experiment: "", arm: "", seed: 0, device: undefined, sizeOf: () => undefined };
  return { ...planner.runnerFor({ ...scope, ...prices }), steps: planner.steps };
}

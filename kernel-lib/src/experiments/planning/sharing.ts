import type { PricedStep } from "./priced-step.js";
import { type Cost, costOf } from "./totals.js";

/** Steps that several arms need, under the name that the first of them gives them. */
export interface SharedSteps {
  readonly label: string;
  readonly verb: PricedStep["verb"];
  /** How many there are: one a seed. */
  readonly steps: number;
  readonly arms: readonly string[];
  /** Runs that are saved because arms share them. */
  readonly saved: number;
}

/** What arms have in common, and what that saves. */
export interface Sharing {
  /** What all arms take together. */
  readonly together: Cost;
  /** What they would take if each computed everything that it needs itself. */
  readonly apart: Cost;
  readonly shared: readonly SharedSteps[];
}

/**
 * Which steps several arms need: SFT and weak labels all of them, the first round's half models all variants of ILR, and so on.
 *
 * @example
 * const { together, apart } = sharingOf(plan.steps);
 * apart.training - together.training; // training runs saved
 */
export function sharingOf(steps: readonly PricedStep[]): Sharing {
  const shared = new Map<string, PricedStep[]>();
  for (const step of steps.filter(({ uses }) => uses.length > 1)) {
    // Arms of one seed; what only seeds have in common (a base model) is listed as well.
    const key = JSON.stringify([step.label, step.verb, step.uses.map(({ experiment, arm }) => [experiment, arm])]);
    shared.set(key, [...(shared.get(key) ?? []), step]);
  }
  return {
    together: costOf(steps),
    apart: costOf(steps.flatMap((step) => step.uses.map(() => step))),
    shared: [...shared.values()].map((group) => ({
      label: group[0]!.label,
      verb: group[0]!.verb,
      steps: group.length,
      arms: [...new Set(group[0]!.uses.map(({ arm }) => arm))],
      saved: group.reduce((sum, { uses }) => sum + uses.length - 1, 0),
    })),
  };
}

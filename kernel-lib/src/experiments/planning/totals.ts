import type { Verb } from "../../steps/index.js";
import { deviceHours, devices } from "./devices.js";
import type { TokenCounts } from "./passes.js";
import type { PlannedTables, PricedStep } from "./priced-step.js";

/** What some steps take together, each counted once. */
export interface Cost {
  readonly steps: number;
  /** Steps that train a model. */
  readonly training: number;
  readonly tokens: TokenCounts;
  readonly flops: number;
  /** Seconds of one worker, at the plan's rates. */
  readonly seconds: number;
  /** Bytes of outputs in the store. */
  readonly bytes: number;
  /** Accelerator hours by device, at the assumed utilisation. */
  readonly hours: Readonly<Record<string, number>>;
}

/** Verbs that train a model. */
export const trainingVerbs: readonly Verb[] = ["pretrain", "sft", "dpo", "evaluator"];

/**
 * The sum of some steps.
 *
 * @example
 * costOf(plan.steps.filter(({ cached }) => !cached)).hours.h100;
 */
export function costOf(steps: readonly PricedStep[]): Cost {
  const sum = (of: (step: PricedStep) => number): number => steps.reduce((total, step) => total + of(step), 0);
  return {
    steps: steps.length,
    training: steps.filter(({ verb }) => trainingVerbs.includes(verb)).length,
    tokens: {
      read: sum(({ tokens }) => tokens.read),
      generated: sum(({ tokens }) => tokens.generated),
      trained: sum(({ tokens }) => tokens.trained),
    },
    flops: sum(({ flops }) => flops),
    seconds: sum(({ seconds }) => seconds),
    bytes: sum(({ bytes }) => bytes),
    hours: Object.fromEntries(
      devices.map((device) => [device.name, sum(({ verb, flops }) => deviceHours(device, verb, flops))]),
    ),
  };
}

/** Bytes of some tables. */
export function tableBytesOf(tables: readonly PlannedTables[]): number {
  return tables.reduce((sum, { bytes }) => sum + bytes, 0);
}

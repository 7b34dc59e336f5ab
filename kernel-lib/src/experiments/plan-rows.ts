import type { Download, PlanMatrix } from "./plan.js";
import { type Cost, costOf, type PlannedTables, type PricedStep, tableBytesOf } from "./planning/index.js";

/** An experiment's plan in one line, or that of several together. */
export interface PlanRow {
  readonly name: string;
  readonly cost: Cost;
  /** Steps that more than one arm needs. */
  readonly shared: number;
  readonly diskBytes: number;
  /** Bytes of downloads whose size is known. */
  readonly downloadBytes: number;
  /** Accelerators at once, at the least, of the device that the plan is for; 0 without one. */
  readonly accelerators: number;
}

/**
 * A line for each experiment; the last one counts what several experiments need once.
 *
 * @example
 * planRows(matrix).map(({ name, cost }) => [name, cost.hours.h100]);
 */
export function planRows(matrix: PlanMatrix): readonly PlanRow[] {
  return [...matrix.plans.map((plan) => rowOf(plan.experiment, plan)), rowOf("all, shared steps once", matrix)];
}

interface Parts {
  readonly steps: readonly PricedStep[];
  readonly tables: readonly PlannedTables[];
  readonly downloads: readonly Download[];
}

function rowOf(name: string, { steps, tables, downloads }: Parts): PlanRow {
  const cost = costOf(steps);
  return {
    name,
    cost,
    shared: steps.filter(({ uses }) => new Set(uses.map(({ experiment, arm }) => `${experiment}/${arm}`)).size > 1)
      .length,
    diskBytes: cost.bytes + tableBytesOf(tables),
    downloadBytes: downloads.reduce((sum, { bytes = 0 }) => sum + bytes, 0),
    accelerators: Math.max(0, ...steps.map(({ accelerators }) => accelerators)),
  };
}

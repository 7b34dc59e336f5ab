import {
  assumedUtilisation,
  type Cost,
  costOf,
  type Download,
  devices,
  type PlanMatrix,
  type PlannedTables,
  type PricedStep,
  tableBytesOf,
} from "../../experiments/index.js";
import { alignedTable } from "../table.js";
import { formatAmount, formatBytes, formatHours } from "./amounts.js";

/** One line of the matrix: an experiment, or all of them. */
export interface MatrixRow {
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

interface Parts {
  readonly steps: readonly PricedStep[];
  readonly tables: readonly PlannedTables[];
  readonly downloads: readonly Download[];
}

function rowOf(name: string, { steps, tables, downloads }: Parts): MatrixRow {
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

/** A line for each experiment; the last one counts what several experiments need once. */
export function matrixRows(matrix: PlanMatrix): readonly MatrixRow[] {
  return [...matrix.plans.map((plan) => rowOf(plan.experiment, plan)), rowOf("all, shared steps once", matrix)];
}

/** The matrix as text, with what is assumed. */
export function matrixTable(matrix: PlanMatrix): string {
  const lines = matrixRows(matrix).map(({ name, cost, shared, diskBytes, downloadBytes, accelerators }) => [
    ...[name, String(cost.steps), String(shared), String(cost.training), formatAmount(cost.flops)],
    ...[cost.tokens.trained, cost.tokens.generated, cost.tokens.read].map(formatAmount),
    ...devices.map((device) => formatHours(cost.hours[device.name]!)),
    String(accelerators || "-"),
    formatBytes(diskBytes),
    formatBytes(downloadBytes),
  ]);
  const hours = devices.map(({ name }) => `${name} h`);
  const tokens = ["trained", "generated", "read"];
  const header = ["experiment", "steps", "shared", "training", "FLOPs", ...tokens, ...hours, "GPUs", "disk", "fetch"];
  const right = header.map((_, i) => i).slice(1);
  return [alignedTable([header, ...lines], right), ...notes(matrix)].join("\n");
}

function notes({ plans, refused, downloads }: PlanMatrix): readonly string[] {
  const apart = plans.reduce((sum, { steps }) => sum + steps.length, 0);
  const together = new Set(plans.flatMap(({ steps }) => steps.map(({ id }) => id))).size;
  const unsized = downloads.filter(({ bytes }) => bytes === undefined).map(({ what }) => what);
  const used = [...new Set(plans.map(({ device }) => device))];
  return [
    "",
    `Sharing steps across experiments saves ${apart - together} of ${apart} steps.`,
    `Hours are of one device, at an assumed utilisation: ${utilisations()} of peak bfloat16 (no measurement).`,
    ...(used.some((name) => name !== "cpu")
      ? [`GPUs: how many ${used.join(" or ")} hold the largest step, by an estimate.`]
      : []),
    ...(unsized.length > 0 ? [`Size not known here: ${unsized.join(", ")}.`] : []),
    ...refusals(refused),
  ];
}

/** Experiments that cannot be planned, by reason. */
function refusals(refused: PlanMatrix["refused"]): readonly string[] {
  const byReason = new Map<string, string[]>();
  for (const { experiment, why } of refused) {
    const reason = why.hint === undefined ? why.message : `${why.message} (${why.hint})`;
    byReason.set(reason, [...(byReason.get(reason) ?? []), experiment]);
  }
  return [...byReason].map(([reason, names]) => `Not in the table: ${names.join(", ")}: ${reason}`);
}

/** Such as "sft 30 %, sample 10 %". */
function utilisations(): string {
  return Object.entries(assumedUtilisation)
    .map(([verb, share]) => `${verb} ${Math.round(100 * share)} %`)
    .join(", ");
}

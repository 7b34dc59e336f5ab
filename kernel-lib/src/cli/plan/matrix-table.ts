import { assumedUtilisation, devices, type PlanMatrix, planRows } from "../../experiments/index.js";
import { alignedTable } from "../table.js";
import { formatAmount, formatBytes, formatHours } from "./amounts.js";

/** The matrix as text, with what is assumed. */
export function matrixTable(matrix: PlanMatrix): string {
  const lines = planRows(matrix).map(({ name, cost, shared, diskBytes, downloadBytes, accelerators }) => [
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

import {
  costOf,
  devices,
  type PricedPlan,
  type PricedStep,
  sharingOf,
  type TokenCounts,
  tableBytesOf,
} from "../../experiments/index.js";
import { formatSeconds } from "../../notebook/index.js";
import { alignedTable } from "../table.js";
import { formatAmount, formatBytes, formatHours } from "./amounts.js";

/** Every step of a plan, one a line. */
export function stepTable({ steps, arms, device }: PricedPlan): string {
  const onDevice = device !== "cpu";
  const rows = steps.map((step) => [
    step.cached ? "in store" : "to run",
    step.key?.slice(0, 12) ?? "",
    step.verb,
    step.label,
    usedBy(step, arms.length),
    formatAmount(step.parameters || undefined),
    formatAmount(step.rows),
    tokenText(step.tokens),
    formatAmount(step.flops),
    formatSeconds(step.seconds),
    formatBytes(step.bytes),
    ...(onDevice ? [formatBytes(step.memoryBytes), String(step.accelerators || "-")] : []),
  ]);
  const head = ["state", "key", "verb", "step", "arms", "parameters", "rows", "tokens", "FLOPs", "time", "disk"];
  const header = [...head, ...(onDevice ? ["memory", device] : [])];
  return alignedTable([header, ...rows], [4, 5, 6, 8, 9, 10, 11, 12]);
}

function usedBy({ uses }: PricedStep, arms: number): string {
  const count = new Set(uses.map(({ arm }) => arm)).size;
  return count === arms && arms > 1 ? "all" : String(count);
}

/** Only what there is, such as "24k read + 22k made". */
function tokenText({ read, generated, trained }: TokenCounts): string {
  const parts = [
    ...(trained > 0 ? [`${formatAmount(trained)} trained`] : []),
    ...(read > 0 ? [`${formatAmount(read)} read`] : []),
    ...(generated > 0 ? [`${formatAmount(generated)} made`] : []),
  ];
  return parts.join(" + ");
}

/** What is left to run, by verb, and how its time is known. */
export function verbTable({ steps, rates }: PricedPlan): string {
  const verbs = [...new Set(steps.map(({ verb }) => verb))];
  const rows = verbs.map((verb) => {
    const all = steps.filter((step) => step.verb === verb);
    const open = all.filter(({ cached }) => !cached);
    const { flops, seconds, bytes, tokens } = costOf(open);
    const left = [formatAmount(flops), formatSeconds(seconds), formatBytes(bytes)];
    return [verb, String(all.length), String(all.length - open.length), tokenText(tokens), ...left, rates[verb].says];
  });
  const header = ["verb", "steps", "in store", "tokens to run", "FLOPs to run", "time to run", "disk", "speed"];
  return alignedTable([header, ...rows], [1, 2, 4, 5, 6]);
}

/** What arms have in common. */
export function sharingText({ steps, arms }: PricedPlan): string {
  if (arms.length < 2) return "";
  const { together, apart, shared } = sharingOf(steps);
  const rows = shared.map(({ label, verb, steps: count, arms: names, saved }) => [
    label,
    verb,
    names.length === arms.length ? "all arms" : names.join(", "),
    String(count),
    String(saved),
  ]);
  const table = alignedTable([["shared step", "verb", "needed by", "runs", "saved"], ...rows], [3, 4]);
  const summary =
    `sharing: ${apart.steps - together.steps} of ${apart.steps} steps need not run, ` +
    `${apart.training - together.training} of ${apart.training} training runs, ` +
    `${formatAmount(apart.flops - together.flops)} of ${formatAmount(apart.flops)} FLOPs`;
  return `${table}\n${summary}`;
}

/** Disk, downloads, accelerators: what a machine must have. */
export function needsText(plan: PricedPlan): string {
  const { steps, tables, downloads, device } = plan;
  const outputs = steps.reduce((sum, { bytes }) => sum + bytes, 0);
  const fetched = downloads.map(
    ({ what, bytes }) => `${what} ${bytes === undefined ? "(size not known here)" : formatBytes(bytes)}`,
  );
  const most = Math.max(0, ...steps.map(({ accelerators }) => accelerators));
  const largest = steps.find(({ accelerators }) => accelerators === most);
  const { hours } = costOf(steps);
  const unsized = steps.filter(({ parameters }) => parameters === 0).length;
  return [
    `disk: about ${formatBytes(outputs)} of models, answers and logs, ${formatBytes(tableBytesOf(tables))} of tables`,
    ...(fetched.length > 0 ? [`to fetch: ${fetched.join(", ")}`] : []),
    ...(device === "cpu" ? [] : [`${device}: at least ${most} at once, for ${largest?.verb} (${largest?.label})`]),
    ...(device === "cpu"
      ? []
      : [
          `hours of one device, all steps, assumed utilisation: ${devices.map(({ name }) => `${name} ${formatHours(hours[name]!)}`).join(", ")}`,
          "gradient checkpointing is assumed for steps that train in bfloat16 or through adapters",
        ]),
    ...(unsized > 0 ? [`${unsized} steps have models of unknown size: their cost is left out`] : []),
  ].join("\n");
}

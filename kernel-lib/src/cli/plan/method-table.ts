import { type Cost, costRatios, type MethodCost, methodCosts, type PricedPlan } from "../../experiments/index.js";
import { formatSeconds } from "../../notebook/index.js";
import { alignedTable } from "../table.js";
import { formatAmount, formatBytes, formatHours, formatRatio } from "./amounts.js";

/** What every arm takes, by round and in total, and ILR's cost over DPO's. */
export function methodTable(plan: PricedPlan): string {
  const costs = methodCosts(plan);
  const device = plan.device === "cpu" ? undefined : plan.device;
  const rows = costs.flatMap((cost) => armRows(cost, device));
  const time = device === undefined ? "time" : `${device} h`;
  const header = ["arm", "part", "steps", "trained", "generated", "FLOPs", time, "disk"];
  const seeds = `all ${plan.seeds.length} seed${plan.seeds.length === 1 ? "" : "s"} together`;
  const notes = `Each arm as if it ran alone, ${seeds}; "its own" is what no other arm needs; measuring is no part of the total.`;
  return `${alignedTable([header, ...rows], [2, 3, 4, 5, 6, 7])}\n${notes}\n\n${ratioTable(costs, plan)}`;
}

function armRows(
  { arm, preparation, rounds, total, own, measurement }: MethodCost,
  device: string | undefined,
): readonly string[][] {
  const line = (part: string, cost: Cost): string[] => [
    ...["", part, String(cost.steps), formatAmount(cost.tokens.trained), formatAmount(cost.tokens.generated)],
    formatAmount(cost.flops),
    device === undefined ? formatSeconds(cost.seconds) : formatHours(cost.hours[device]!),
    formatBytes(cost.bytes),
  ];
  const lines = [
    line("before", preparation),
    ...rounds.map((round, k) => line(`round ${k + 1}`, round)),
    line("total", total),
    line("its own", own),
    line("measuring", measurement),
  ];
  lines[0]![0] = arm.name;
  return lines;
}

function ratioTable(costs: readonly MethodCost[], { rates }: PricedPlan): string {
  const ratios = costRatios(costs, "ilr", "dpo");
  if (ratios.length === 0) return "There is no arm of ILR and one of DPO with the same comparisons to be compared.";
  const rows = ratios.flatMap(({ numerator, denominator, round, total }) =>
    (
      [
        ["a round", round],
        ["in total", total],
      ] as const
    ).map(([what, { trained, generated, flops, seconds }]) => [
      `${numerator.arm.name} / ${denominator.arm.name}`,
      what,
      ...[trained, generated, flops, seconds].map(formatRatio),
    ]),
  );
  const header = ["ILR over DPO", "", "trained", "generated", "FLOPs", "time"];
  const measured = (["sft", "dpo", "sample"] as const).every((verb) => rates[verb].basis === "measured");
  const basis = measured
    ? "Ratios of time are by speeds measured here."
    : "Ratios of FLOPs follow from the plan alone; those of time from speeds of which some are assumed.";
  return `${alignedTable([header, ...rows], [2, 3, 4, 5])}\n${basis}`;
}

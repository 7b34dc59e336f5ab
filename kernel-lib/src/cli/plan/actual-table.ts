import { type ActualCosts, type Amount, type Comparison, NOT_RECORDED } from "../../experiments/index.js";
import { formatSeconds } from "../../notebook/index.js";
import { alignedTable } from "../table.js";
import { formatAmount, formatBytes, formatRatio } from "./amounts.js";

/** Planned against actual, by verb and by arm. */
export function actualTable({ verbs, arms, all, tables, missing, merged, machines }: ActualCosts): string {
  if (all.actual.steps === 0) {
    return "No step of this experiment is in the store, made by the code as it is now: run it first, then compare.";
  }
  const header = ["", "steps", "time", "planned", "", "generated", "planned", "", "trained", "planned", "", "disk"];
  const rows = [[...header, "planned", "", "FLOP/s"], ...[...verbs, all, ...arms, tables].map(comparisonRow)];
  return [
    alignedTable(rows, rows[0]!.map((_, i) => i).slice(1)),
    "",
    `Recorded on ${machines.join("; ")}. Planned: an empty store, assumed speeds. Ratios are planned over actual.`,
    "Every arm as if it ran alone: what arms share is in all of them.",
    ...(missing > 0 ? [`${missing} planned steps have no record here and are left out.`] : []),
    ...(merged > 0 ? [`${merged} planned steps turned out to be equal to others: their inputs were the same.`] : []),
    `Not recorded: ${NOT_RECORDED.join("; ")}.`,
  ].join("\n");
}

function comparisonRow({ name, planned, actual, flopsPerSecond }: Comparison): string[] {
  const both = (of: (amount: Amount) => number, format: (value: number) => string): string[] => {
    if (of(actual) === 0 && of(planned) === 0) return ["-", "-", ""];
    return [format(of(actual)), format(of(planned)), formatRatio(of(planned) / of(actual))];
  };
  return [
    name,
    String(actual.steps),
    ...both(({ seconds }) => seconds, formatSeconds),
    ...both(({ generated }) => generated, formatAmount),
    ...both(({ trained }) => trained, formatAmount),
    ...both(({ bytes }) => bytes, formatBytes),
    flopsPerSecond === 0 ? "-" : formatAmount(flopsPerSecond),
  ];
}

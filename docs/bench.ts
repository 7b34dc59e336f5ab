import { type BenchRecord, scalingTableOf, speedTableOf, tableOf } from "../test/bench/table.js";
import { withParts } from "./parts.js";

/** docs/performance.md with its marked parts as the recorded bench gives them. */
export function withBench(text: string, record: BenchRecord): string {
  const compared = record.rows.filter(({ points }) => points === undefined);
  return withParts(text, { bench: `${tableOf(compared)}\n\n${fromOf(record)}`, scaling: scalingTableOf(record.rows) });
}

/** The README with its part about speed as the recorded bench gives it. */
export function withSpeed(readme: string, record: BenchRecord): string {
  return withParts(readme, { speed: `${speedTableOf(record.rows)}\n\n${fromOf(record)}` });
}

function fromOf({ machine, date, versions }: BenchRecord): string {
  return `${date}, ${machine}, one thread. Peers: ${versions.join(", ") || "none"}.`;
}

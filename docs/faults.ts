import { type FaultRow, tableOf } from "../test/faults/table.js";
import { withParts } from "./parts.js";

/** docs/reliability.md with its marked part as the recorded counts give it. */
export function withFaults(text: string, rows: readonly FaultRow[]): string {
  const one = (values: readonly (string | number)[]): string => [...new Set(values)].sort().join(" and ");
  const tries = rows.reduce((sum, row) => sum + row.tries, 0);
  const from = `${tries.toLocaleString("en")} tries, ${one(rows.map(({ date }) => date))}, seed ${one(rows.map(({ seed }) => seed))}, on ${one(rows.map(({ machine }) => machine))}, beside other work.`;
  return withParts(text, { faults: `${tableOf(rows)}\n${from}` });
}

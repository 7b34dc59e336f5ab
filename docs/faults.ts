import { type FaultRow, tableOf } from "../test/faults/table.js";
import { withParts } from "./parts.js";

/** docs/reliability.md with its marked part as the recorded counts give it. */
export function withFaults(text: string, rows: readonly FaultRow[]): string {
  const one = (values: readonly (string | number)[]): string => [...new Set(values)].sort().join(" and ");
  const sum = (of: readonly FaultRow[]): string => of.reduce((all, { tries }) => all + tries, 0).toLocaleString("en");
  const inputs = rows.filter(({ test }) => /\/(input|hostile|exposure)\S*$/.test(test));
  const others = rows.filter((row) => !inputs.includes(row));
  const from = `${sum(others)} crashes, damages and loads, and ${sum(inputs)} inputs, ${one(rows.map(({ date }) => date))}, seed ${one(rows.map(({ seed }) => seed))}, on ${one(rows.map(({ machine }) => machine))}, beside other work.`;
  return withParts(text, { faults: `${tableOf(rows)}\n${from}` });
}

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readRun } from "../../kernel-lib/src/experiments/index.js";
import { summaryTable, verdicts } from "../../kernel-lib/src/results/index.js";

const root = join(import.meta.dirname, "..", "..");
const recorded = join(root, "results", "micro-math", "main");
const readme = readFileSync(join(root, "README.md"), "utf8");

describe("the README's results", () => {
  it("are the table of the recorded run", async () => {
    const [table] = summaryTable(await readRun(recorded), "markdown").split("\n\n");
    expect(readme).toContain(table!.trim());
  });

  it("quote differences that the recorded run gives", async () => {
    const readings = verdicts(await readRun(recorded)).flatMap((verdict) => verdict.readings);
    const points = (share: number): string => {
      const rounded = Number((100 * share).toFixed(1));
      return `${rounded < 0 ? "−" : "+"}${Math.abs(rounded).toFixed(1)}`;
    };
    const computed = readings.map(
      ({ difference: { value, low, high } }) => `${points(value)} [${points(low)}, ${points(high)}]`,
    );
    const quoted = readme.match(/[+−]\d+\.\d \[[^\]]+\]/g) ?? [];
    expect(quoted.length).toBeGreaterThanOrEqual(6);
    for (const quote of quoted) expect(computed).toContain(quote);
  });
});

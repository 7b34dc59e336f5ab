import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { withMeasuredFlags } from "../../docs/measured-flags.js";
import { recordedRuns, withResults } from "../../docs/readme.js";
import { readRun } from "../../kernel-lib/src/experiments/index.js";
import { summaryTable } from "../../kernel-lib/src/results/index.js";

const root = join(import.meta.dirname, "..", "..");

it.each([
  ["README.md", withResults],
  ["docs/fidelity.md", withMeasuredFlags],
])("%s says what the recorded runs give (npm run readme writes it)", async (name, withNumbers) => {
  const text = readFileSync(join(root, name), "utf8");
  expect(text).toBe(await withNumbers(text, join(root, "results")));
});

it("so do the tables beside them", async () => {
  const folders = recordedRuns(join(root, "results"));
  expect(folders.length).toBeGreaterThan(0);
  for (const folder of folders) {
    const table = summaryTable(await readRun(folder), "markdown");
    expect(readFileSync(join(folder, "table.md"), "utf8"), folder).toBe(`${table}\n`);
  }
});

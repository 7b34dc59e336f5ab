import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { withResults } from "../../docs/readme.js";

const root = join(import.meta.dirname, "..", "..");

it("the README says what the recorded runs give (npm run readme writes it)", async () => {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  expect(readme).toBe(await withResults(readme, join(root, "results")));
});

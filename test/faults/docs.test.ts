import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { withFaults } from "../../docs/faults.js";
import type { FaultRow } from "./table.js";

const at = (path: string): string => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), "utf8");

describe("docs/reliability.md", () => {
  const rows = JSON.parse(at("results/faults.json")) as readonly FaultRow[];

  it("has the table of the recorded counts", () => {
    expect(withFaults(at("docs/reliability.md"), rows)).toBe(at("docs/reliability.md"));
  });

  it("names each defect that a row says was mended", () => {
    for (const name of rows.flatMap(({ mended = [] }) => mended))
      expect(at("docs/reliability.md")).toContain(`**${name}**`);
  });
});

import { describe, expect, it } from "vitest";
import type { RunRecord } from "../../kernel-lib/src/experiments/index.js";
import { describeDifference, differenceFrame } from "../../kernel-lib/src/results/index.js";
import { syntheticRun } from "./synthetic-run.js";

const run = syntheticRun({ questions: 2000, accuracy: { "ILR (oracle)": 0.8, "DPO (oracle)": 0.6 } });

describe("describeDifference", () => {
  it("says what the last paired difference is, and which way it goes", () => {
    const [value, low, high] = numbersOf("ILR (oracle)", "DPO (oracle)");
    expect(describeDifference(run, "ILR (oracle)", "DPO (oracle)")).toBe(
      `**ILR (oracle)** against **DPO (oracle)** after round 3: +${value} points [+${low}, +${high}], better`,
    );
    expect(describeDifference(run, "DPO (oracle)", "ILR (oracle)")).toMatch(/: −\d.*, worse$/);
    expect(describeDifference(run, "SFT", "SFT")).toMatch(
      /^\*\*SFT\*\* against \*\*SFT\*\*: \+0.0 .*can tell from none$/,
    );
  });

  it("names both rounds where each arm is taken at its last", () => {
    const shorter = { ...run, points: run.points.filter(({ arm, round }) => arm !== "DPO (oracle)" || round < 3) };
    expect(describeDifference(shorter, "ILR (oracle)", "DPO (oracle)")).toContain("after round 2:");
    expect(describeDifference(shorter, "ILR (oracle)", "DPO (oracle)", { at: "last" })).toContain(
      "after rounds 3 and 2:",
    );
  });

  it("has nothing to say of arms without a common seed", () => {
    const points = run.points.map((point) => (point.arm === "SFT" ? { ...point, seed: 7 } : point));
    const apart: RunRecord = { ...run, points };
    expect(describeDifference(apart, "ILR (oracle)", "SFT")).toContain("no round and seed in common");
  });
});

function numbersOf(arm: string, other: string): readonly string[] {
  const row = differenceFrame(run, arm, other).objects().at(-1) as Record<string, number>;
  return [row.difference, row.differenceLow, row.differenceHigh].map((number) => number!.toFixed(1));
}

import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { withBench, withSpeed } from "../../docs/bench.js";
import { compared } from "./rows.js";
import { type BenchRecord, metTargets, scalingTableOf, tableOf } from "./table.js";

const about = { bench: "b", what: "an epoch", unit: "s CPU" };
const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

describe("a row of the benches' table", () => {
  const peer = { name: "PyTorch", values: [6, 5, 9] };
  const row = compared({
    ...{ ...about, ours: [2, 2.5, 3], peer },
    ...{ limit: { name: "sgemm peak", value: 1 }, target: { ratio: 3, share: 0.4 } },
  });

  it("compares best with best, and rounds that ran beside each other", () => {
    expect(row).toMatchObject({ ours: 2, peer: 5, ratio: 2.5, spread: [2, 3] });
  });

  it("says whether a time is at most what was asked", () => {
    const row = compared({ ...about, ours: [2, 2.5], target: { most: 1.5 } });
    expect(metTargets(row)).toEqual({ most: false });
    expect(tableOf([row])).toContain("≤ 1.5 s CPU **missed**");
    expect(metTargets({ ...row, ours: 1.5 })).toEqual({ most: true });
  });

  it("says of each target whether it is met", () => {
    expect(metTargets(row)).toEqual({ ratio: false, share: true });
    expect(tableOf([row]).split("\n").at(-1)).toBe(
      "| an epoch | 2 s CPU | 5 (PyTorch) | 2.50x | 2.00..3.00 | 1 (sgemm peak) | 50 % | ≥ 3x **missed**, ≥ 40 % |",
    );
  });

  it("holds nothing against a peer that is not there", () => {
    const alone = compared({ ...about, ours: [2, 2.5], target: { ratio: 3 } });
    expect(alone).not.toHaveProperty("ratio");
    expect(alone.spread).toEqual([2, 2.5]);
    expect(metTargets(alone)).toEqual({});
    expect(tableOf([alone])).toContain("| 2 s CPU |  |  | 2..2.5 |  |  | ≥ 3x (not measured) |");
  });

  it("shows the costs that an exponent was fitted to", () => {
    const scaling = {
      ...about,
      unit: "exponent",
      ours: 1.25,
      spread: [1.15, 1.35] as const,
      points: [1, 2.5, 6, 12345],
    };
    expect(scalingTableOf([row, scaling]).split("\n").slice(2)).toEqual([
      "| an epoch | 1 | 2.5 | 6 | 12345 | 1.25 ± 0.10 |",
    ]);
  });
});

describe.runIf(existsSync(at("results/bench.json")))("the recorded bench", () => {
  const record = (): BenchRecord => JSON.parse(readFileSync(at("results/bench.json"), "utf8")) as BenchRecord;

  it("is what docs/performance.md shows", () => {
    const page = readFileSync(at("docs/performance.md"), "utf8");
    expect(withBench(page, record())).toBe(page);
  });

  it("is what the README shows", () => {
    const readme = readFileSync(at("README.md"), "utf8");
    expect(withSpeed(readme, record())).toBe(readme);
  });
});

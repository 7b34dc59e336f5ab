import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { effectSize, holm, type PairedTable } from "../../../kernel-lib/src/results/index.js";
import { ask, hasScipy } from "./python.js";

describe("holm", () => {
  it("adjusts the example, in the order given, and says how many were left", () => {
    const adjusted = holm([0.01, 0.04, 0.03, 0.005]);
    expect(adjusted.map(({ p }) => p)).toEqual([0.03, 0.06, 0.06, 0.02].map((p) => expect.closeTo(p, 12)));
    expect(adjusted.map(({ remaining }) => remaining)).toEqual([3, 1, 2, 4]);
    expect(holm([])).toEqual([]);
  });

  it("rejects what Holm's procedure rejects, step by step", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 }), (pValues) => {
        const rejected = new Set<number>();
        const order = pValues.map((p, at) => ({ p, at })).sort((a, b) => a.p - b.p);
        for (const [rank, { p, at }] of order.entries()) {
          if (p * (pValues.length - rank) > 0.05) break;
          rejected.add(at);
        }
        for (const [at, { p }] of holm(pValues).entries()) {
          expect(p <= 0.05).toBe(rejected.has(at));
          expect(p).toBeGreaterThanOrEqual(pValues[at]!);
        }
      }),
    );
  });

  it.skipIf(!hasScipy)("is statsmodels'", () => {
    const pValues = [0.2, 0.001, 0.049, 0.049, 0.9, 0.012];
    const theirs = ask<number[]>(
      pValues,
      `from statsmodels.stats.multitest import multipletests
answer = list(multipletests(given, method="holm")[1])`,
    );
    for (const [i, { p }] of holm(pValues).entries()) expect(p).toBeCloseTo(theirs[i]!, 12);
  });
});

describe("effectSize", () => {
  const table = (counts: Omit<PairedTable, "seed">): PairedTable => ({ seed: 0, ...counts });

  it("has the conditional odds ratio of Agresti's approval ratings: 86 / 150 (Categorical Data Analysis, table 10.1)", () => {
    const { oddsRatio, onlyFirst, onlySecond } = effectSize([
      table({ both: 794, onlyFirst: 86, onlySecond: 150, neither: 570 }),
    ]);
    expect([onlyFirst, onlySecond]).toEqual([86, 150]);
    expect(oddsRatio).toBeCloseTo(0.573, 3);
    expect(effectSize([table({ both: 1, onlyFirst: 2, onlySecond: 0, neither: 0 })]).oddsRatio).toBeNull();
  });

  it("has Cohen's h: a sixth of pi for .75 against .50, whatever the number of questions", () => {
    const tables = [table({ both: 50, onlyFirst: 25, onlySecond: 0, neither: 25 })];
    expect(effectSize(tables).cohensH).toBeCloseTo(Math.PI / 6, 12);
    expect(effectSize([...tables, ...tables]).cohensH).toBeCloseTo(Math.PI / 6, 12);
    const other = [table({ both: 50, onlyFirst: 0, onlySecond: 25, neither: 25 })];
    expect(effectSize(other).cohensH).toBeCloseTo(-Math.PI / 6, 12);
  });

  it.skipIf(!hasScipy)("has statsmodels' effect size of proportions", () => {
    const theirs = ask<number>(
      [0.65, 0.58],
      `from statsmodels.stats.proportion import proportion_effectsize
answer = float(proportion_effectsize(given[0], given[1]))`,
    );
    const tables = [table({ both: 50, onlyFirst: 15, onlySecond: 8, neither: 27 })];
    expect(effectSize(tables).cohensH).toBeCloseTo(theirs, 12);
  });
});

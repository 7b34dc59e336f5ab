import { describe, expect, it } from "vitest";
import { seededRandom } from "../../../kernel-lib/src/core/index.js";
import { type PairedTable, permutationTest, signFlipTest } from "../../../kernel-lib/src/results/index.js";
import { ask, hasScipy } from "./python.js";
import { simulated } from "./simulate.js";

/** Crossed minus self-fertilised plants, in eighths of an inch. */
const maize = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48];

const table = (onlyFirst: number, onlySecond: number, alike = 20, seed = 0): PairedTable => {
  return { seed, onlyFirst, onlySecond, both: alike, neither: 0 };
};

/** Every pattern of signs, one after the other. */
function bruteForce(differences: readonly number[]): number {
  const observed = Math.abs(differences.reduce((sum, value) => sum + value, 0));
  let extreme = 0;
  for (let pattern = 0; pattern < 2 ** differences.length; pattern++) {
    const sum = differences.reduce((total, value, i) => total + (pattern & (1 << i) ? value : -value), 0);
    if (Math.abs(sum) > observed - 1e-9) extreme += 1;
  }
  return extreme / 2 ** differences.length;
}

describe("signFlipTest", () => {
  it("counts Fisher's 1,726 of 32,768 patterns (The Design of Experiments, 1935, section 21)", () => {
    expect(signFlipTest(maize)).toEqual({ p: 1726 / 32768, exact: true });
  });

  it("counts every pattern once: as brute force does, with zeros and ties", () => {
    const random = seededRandom("patterns");
    for (let i = 0; i < 30; i++) {
      const values = Array.from({ length: 1 + random.below(11) }, () => (random.below(9) - 4) / (1 + random.below(3)));
      expect(signFlipTest(values).p).toBeCloseTo(bruteForce(values), 12);
    }
  });

  it("of differences of one size is the exact McNemar test, by brute force and with thousands", () => {
    const ones = (positive: number, negative: number): number[] => [
      ...Array<number>(positive).fill(1),
      ...Array<number>(negative).fill(-1),
    ];
    for (const [b, c] of [
      [9, 3],
      [0, 6],
      [5, 5],
      [1, 0],
    ] as const) {
      expect(signFlipTest(ones(b, c)).p).toBeCloseTo(bruteForce(ones(b, c)), 12);
    }
    // 2 P(Z > 2.2) is 0.0278; the continuity of the binomial makes it a little more.
    expect(signFlipTest(ones(5110, 4890)).p).toBeGreaterThan(0.0278);
    expect(signFlipTest(ones(5110, 4890)).p).toBeLessThan(0.0292);
  });

  it("draws patterns where there are too many, agrees with counting, and never says 0", () => {
    const many = Array.from({ length: 24 }, (_, i) => 1 + i / 10);
    const result = signFlipTest(many, { resamples: 999 });
    expect(result).toEqual({ p: 1 / 1000, exact: false });
    // Twenty-one values of which one is almost nothing: the twenty others can be counted.
    const twenty = Array.from({ length: 20 }, (_, i) => (i % 5 < 3 ? 1 : -1) * (1 + i / 7));
    const counted = signFlipTest(twenty);
    const guessed = signFlipTest([...twenty, 1e-12], { resamples: 20_000 });
    expect([counted.exact, guessed.exact]).toEqual([true, false]);
    expect(Math.abs(guessed.p - counted.p)).toBeLessThan(4 * Math.sqrt((counted.p * (1 - counted.p)) / 20_000));
    expect(signFlipTest([...twenty, 1e-12])).toEqual(signFlipTest([...twenty, 1e-12]));
    expect(signFlipTest([...twenty, 1e-12], { seed: 1 })).not.toEqual(signFlipTest([...twenty, 1e-12]));
  });

  it("refuses no differences", () => {
    expect(() => signFlipTest([])).toThrow(expect.objectContaining({ code: "input-missing" }));
    expect(signFlipTest([0, 0])).toEqual({ p: 1, exact: true });
  });

  it.skipIf(!hasScipy)("is SciPy's permutation test, and statsmodels' McNemar", () => {
    const tables = [
      [25, 12],
      [0, 4],
      [140, 101],
    ] as const;
    const [flips, mcnemar] = ask<[number, number[]]>(
      { maize, tables },
      `import numpy as np
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
flips = stats.permutation_test((np.array(given["maize"]),), np.mean, permutation_type="samples", n_resamples=np.inf)
answer = [float(flips.pvalue), [float(mcnemar([[50, b], [c, 50]], exact=True).pvalue) for b, c in given["tables"]]]`,
    );
    expect(signFlipTest(maize).p).toBeCloseTo(flips, 12);
    for (const [i, [b, c]] of tables.entries()) {
      expect(permutationTest([table(b, c)], "questions").p).toBeCloseTo(mcnemar[i]!, 12);
    }
  });
});

describe("permutationTest", () => {
  it("over questions takes the seeds' questions together, over seeds their differences", () => {
    const tables = [table(9, 3), table(8, 4, 20, 1), table(7, 5, 20, 2)];
    expect(permutationTest(tables, "questions").p).toBeCloseTo(permutationTest([table(24, 12)], "questions").p, 12);
    expect(permutationTest(tables, "seeds")).toEqual({ p: 2 / 8, exact: true });
    const five = [1, 2, 3, 4, 5].map((more, seed) => table(5 + more, 5, 20, seed));
    expect(permutationTest(five, "seeds").p).toBeCloseTo(2 / 32, 12);
  });

  it("weighs a seed's questions by their number where the seeds have different numbers", () => {
    const uneven = [table(3, 1, 6), table(2, 1, 17, 1)];
    const differences = [0.1, 0.1, 0.1, -0.1, 0.05, 0.05, -0.05];
    expect(permutationTest(uneven, "questions").p).toBeCloseTo(bruteForce(differences), 12);
    expect(permutationTest([table(0, 0), table(0, 0, 9, 1)], "questions").p).toBe(1);
  });

  it("over questions finds a difference by mistake in no more than one study of twenty", () => {
    const random = seededRandom("null");
    const world = { seeds: 3, questions: 200, difference: 0, betweenSeeds: 0, disagreement: 0.3 };
    const found = Array.from({ length: 2000 }, () => permutationTest(simulated(world, random), "questions").p <= 0.05);
    const rate = found.filter(Boolean).length / found.length;
    expect(rate).toBeLessThan(0.06);
    expect(rate).toBeGreaterThan(0.025);
  });
});

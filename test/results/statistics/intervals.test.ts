import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../../kernel-lib/src/core/index.js";
import {
  bootstrapMean,
  differenceInterval,
  differencePValue,
  differenceTest,
  type Interval,
  type PairedTable,
  pairedTable,
  shareInterval,
  wilsonInterval,
} from "../../../kernel-lib/src/results/index.js";
import { endsOf, overSeeds, pAbove } from "../../../kernel-lib/src/results/statistics/estimate.js";
import { ask, hasScipy } from "./python.js";
import { simulated, type World } from "./simulate.js";

const width = ({ low, high }: Interval): number => high - low;

describe("wilsonInterval", () => {
  // Newcombe (1998), Statistics in Medicine 17, table I, method 3.
  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])("of %i in %i is Newcombe's [%f, %f]", (right, count, low, high) => {
    const interval = wilsonInterval(right / count, count);
    expect(interval.low).toBeCloseTo(low, 4);
    expect(interval.high).toBeCloseTo(high, 4);
  });

  it("solves the score equation it stands for", () => {
    for (const [share, count] of [
      [0.5, 100],
      [0.97, 60],
      [0.02, 400],
    ] as const) {
      const { low, high } = wilsonInterval(share, count);
      for (const end of [low, high]) {
        expect(Math.abs(share - end) / Math.sqrt((end * (1 - end)) / count)).toBeCloseTo(1.959964, 5);
      }
      expect(low).toBeLessThan(share);
      expect(high).toBeGreaterThan(share);
    }
  });

  it("has its end at the share when all or none are right", () => {
    expect(wilsonInterval(1, 50)).toMatchObject({ value: 1, high: 1 });
    expect(wilsonInterval(0, 50)).toMatchObject({ value: 0, low: 0 });
  });

  it.skipIf(!hasScipy)("is statsmodels'", () => {
    const cases = [
      [3, 10, 0.95],
      [57, 1000, 0.99],
      [999, 1000, 0.8],
    ] as const;
    const theirs = ask<[number, number][]>(
      cases,
      `from statsmodels.stats.proportion import proportion_confint
answer = [proportion_confint(k, n, alpha=1 - level, method="wilson") for k, n, level in given]`,
    );
    for (const [i, [right, count, level]] of cases.entries()) {
      const { low, high } = wilsonInterval(right / count, count, { level });
      expect(low).toBeCloseTo(theirs[i]![0], 12);
      expect(high).toBeCloseTo(theirs[i]![1], 12);
    }
  });
});

describe("Student's t over seeds", () => {
  it("gives Student's own sleep data their interval and p-value (R's t.test(extra ~ group, paired), ?sleep)", () => {
    const differences = [1.2, 2.4, 1.3, 1.3, 0, 1, 1.8, 0.8, 4.6, 1.4];
    const pivot = overSeeds(differences)!;
    expect(pivot.centre / pivot.error).toBeCloseTo(4.0621, 4);
    expect(endsOf(pivot, 0.95).low).toBeCloseTo(0.7001142, 7);
    expect(endsOf(pivot, 0.95).high).toBeCloseTo(2.4598858, 7);
    expect(2 * pAbove(pivot, 0)).toBeCloseTo(0.002833, 6);
  });
});

describe("differenceInterval", () => {
  it("of one seed is Bonett and Price's (the example of Bonett's R package statpsych, ci.prop.ps)", () => {
    const { low, high } = differenceInterval([{ seed: 0, neither: 12, onlySecond: 4, onlyFirst: 26, both: 6 }]);
    expect(low).toBeCloseTo(0.2548067, 7);
    expect(high).toBeCloseTo(0.6251933, 7);
  });

  it("of several seeds is the t interval over their differences where these differ", () => {
    const tables = [0.02, 0.08, 0.05].map((share, seed) => ({
      ...{ seed, both: 900, onlyFirst: Math.round(50 + 1000 * share), onlySecond: 50 },
      neither: Math.round(1000 - 1000 * share),
    }));
    const means = tables.map(({ onlyFirst, onlySecond }) => (onlyFirst - onlySecond) / 2000);
    const mean = (means[0]! + means[1]! + means[2]!) / 3;
    const deviation = Math.sqrt(means.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 2);
    const { value, low, high } = differenceInterval(tables);
    expect(value).toBeCloseTo(mean, 12);
    expect(high - low).toBeCloseTo((2 * 4.302653 * deviation) / Math.sqrt(3), 7);
  });

  it("is never shorter than all questions make it, however well the seeds agree", () => {
    const table = { seed: 0, both: 400, onlyFirst: 60, onlySecond: 40, neither: 500 };
    const agreeing = [table, { ...table, seed: 1 }, { ...table, seed: 2 }];
    const asOne = { seed: 0, both: 1200, onlyFirst: 180, onlySecond: 120, neither: 1500 };
    expect(differenceInterval(agreeing)).toMatchObject({
      low: differenceInterval([asOne]).low,
      high: differenceInterval([asOne]).high,
    });
    const same = differenceInterval([pairedTable(0, "1010", "1010"), pairedTable(1, "1110", "1110")]);
    expect(same.value).toBe(0);
    expect(width(same)).toBeGreaterThan(0);
  });

  it("excludes a bound exactly when the one-sided p-value is small enough", () => {
    const count = fc.nat({ max: 60 });
    const tables = fc.array(fc.tuple(count, count, count), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(tables, fc.double({ min: -0.3, max: 0.3, noNaN: true }), (rows, bound) => {
        const all = rows.map(
          ([onlyFirst, onlySecond, both], seed): PairedTable => ({ seed, onlyFirst, onlySecond, both, neither: 7 }),
        );
        const { low, high } = differenceInterval(all);
        const { above, below } = differenceTest(all, bound);
        const far = (end: number): boolean => Math.abs(end - bound) > 1e-9;
        if (far(low)) expect(above < 0.025).toBe(low > bound);
        if (far(high)) expect(below < 0.025).toBe(high < bound);
      }),
      { numRuns: 500 },
    );
  });

  it("is the same the other way round, with the sign changed", () => {
    const random = seededRandom("mirror");
    const tables = simulated(
      { seeds: 4, questions: 300, difference: 0.03, betweenSeeds: 0.02, disagreement: 0.3 },
      random,
    );
    const mirrored = tables.map((table) => ({ ...table, onlyFirst: table.onlySecond, onlySecond: table.onlyFirst }));
    const [forth, back] = [differenceInterval(tables), differenceInterval(mirrored)];
    expect([back.value, back.low, back.high].map((end) => -end)).toEqual([
      expect.closeTo(forth.value, 12),
      expect.closeTo(forth.high, 12),
      expect.closeTo(forth.low, 12),
    ]);
    expect(differencePValue(mirrored)).toBeCloseTo(differencePValue(tables), 12);
  });

  it("refuses no questions", () => {
    expect(() => differenceInterval([])).toThrow(/no test answers/);
    expect(() => differenceInterval([{ seed: 0, both: 0, onlyFirst: 0, onlySecond: 0, neither: 0 }])).toThrow(
      expect.objectContaining({ code: "input-missing" }),
    );
  });

  it.skipIf(!hasScipy)("and its p-value over seeds are SciPy's ttest_1samp", () => {
    const tables = [7, 25, 12, 31].map((onlyFirst, seed) => ({
      seed,
      onlyFirst,
      onlySecond: 5,
      both: 40,
      neither: 24,
    }));
    const means = tables.map((table) => (table.onlyFirst - 5) / (table.onlyFirst + 69));
    const [p, low, high] = ask<[number, number, number]>(
      means,
      `from scipy import stats
test = stats.ttest_1samp(given, 0)
interval = test.confidence_interval(0.95)
answer = [test.pvalue, interval.low, interval.high]`,
    );
    const interval = differenceInterval(tables);
    expect(interval.low).toBeCloseTo(low, 9);
    expect(interval.high).toBeCloseTo(high, 9);
    expect(differencePValue(tables)).toBeCloseTo(p, 9);
  });
});

describe("shareInterval", () => {
  it("of one seed is the score interval, of several it covers the seeds as well, inside [0, 1]", () => {
    const one = { right: 480, count: 500 };
    expect(shareInterval([one])).toEqual(wilsonInterval(0.96, 500));
    const several = shareInterval([one, { right: 500, count: 500 }, { right: 400, count: 500 }]);
    expect(several.value).toBeCloseTo(0.92, 12);
    expect(several.high).toBe(1);
    const agreeing = shareInterval([one, one, one]);
    expect(agreeing).toEqual({ ...wilsonInterval(0.96, 1500), value: expect.closeTo(0.96, 12) });
    expect(() => shareInterval([])).toThrow(/no test answers/);
  });
});

describe("coverage", () => {
  const worlds: readonly (World & { readonly most: number })[] = [
    // One seed: of what its own models would show on endless questions.
    { seeds: 1, questions: 400, difference: 0.03, betweenSeeds: 0, disagreement: 0.2, most: 0.965 },
    { seeds: 1, questions: 400, difference: 0, betweenSeeds: 0, disagreement: 0.01, most: 1 },
    // Seeds that differ a lot: exactly nominal. Seeds that do not: longer than needed, which is the price of never being too short.
    { seeds: 3, questions: 400, difference: 0.03, betweenSeeds: 0.04, disagreement: 0.4, most: 0.97 },
    { seeds: 3, questions: 400, difference: 0.03, betweenSeeds: 0, disagreement: 0.2, most: 0.995 },
    { seeds: 5, questions: 400, difference: 0.03, betweenSeeds: 0.04, disagreement: 0.4, most: 0.97 },
    { seeds: 5, questions: 400, difference: 0.03, betweenSeeds: 0.01, disagreement: 0.2, most: 0.985 },
    { seeds: 5, questions: 400, difference: 0.03, betweenSeeds: 0, disagreement: 0.2, most: 0.985 },
  ];

  it.each(worlds)("of 95 % is not below 95 %: $seeds seeds, $betweenSeeds between them, $disagreement", (world) => {
    const covered = coverageOf(world, 3000, (tables) => differenceInterval(tables));
    expect(covered).toBeGreaterThan(0.938); // three standard errors below 0.95
    expect(covered).toBeLessThan(world.most);
  });

  it("is what a bootstrap of three clusters lacks, and why it is not the default", () => {
    const world = { seeds: 3, questions: 60, difference: 0.03, betweenSeeds: 0.2, disagreement: 0.9 };
    const bootstrap = coverageOf(world, 400, (tables) => {
      const values = ({ onlyFirst, onlySecond, both, neither }: PairedTable): number[] => [
        ...Array<number>(onlyFirst).fill(1),
        ...Array<number>(onlySecond).fill(-1),
        ...Array<number>(both + neither).fill(0),
      ];
      return bootstrapMean(tables.map(values), { resamples: 200 });
    });
    expect(bootstrap).toBeLessThan(0.9);
    expect(coverageOf(world, 400, (tables) => differenceInterval(tables))).toBeGreaterThan(0.925);
  });
});

/** The share of simulated studies whose interval holds the true difference. */
function coverageOf(world: World, studies: number, intervalOf: (tables: readonly PairedTable[]) => Interval): number {
  const random = seededRandom("coverage", JSON.stringify(world));
  let covered = 0;
  for (let i = 0; i < studies; i++) {
    const { low, high } = intervalOf(simulated(world, random));
    if (low <= world.difference && world.difference <= high) covered += 1;
  }
  return covered / studies;
}

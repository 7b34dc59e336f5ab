import { describe, expect, it } from "vitest";
import { seededRandom } from "../../../kernel-lib/src/core/index.js";
import {
  type Design,
  differenceInterval,
  powerAnalysis,
  powerOf,
  spreadOf,
} from "../../../kernel-lib/src/results/index.js";
import { ask, hasScipy } from "./python.js";
import { simulated, type World } from "./simulate.js";

describe("powerOf", () => {
  it("without questions' noise is that of the t test: d = 0.2, n = 60, alpha 0.10 (R's pwr.t.test, ?pwr.t.test)", () => {
    const design = { seeds: 60, questions: 1e12, betweenSeeds: 1, withinSeed: 0 };
    expect(powerOf(design, 0.2, 0.9)).toBeCloseTo(0.4555818, 5);
  });

  it("of one seed is that of the z test over its questions, and the level where there is no difference", () => {
    const design = { seeds: 1, questions: 100, betweenSeeds: null, withinSeed: 1 };
    // 2.801585 standard errors: the textbook's 1.959964 + 0.841621 for 80 %.
    expect(powerOf(design, 0.2801585)).toBeCloseTo(0.8, 5);
    expect(powerOf(design, 0)).toBeCloseTo(0.05, 10);
  });

  const worlds: readonly World[] = [
    { seeds: 3, questions: 400, difference: 0.08, betweenSeeds: 0.03, disagreement: 0.4 },
    { seeds: 5, questions: 400, difference: 0.05, betweenSeeds: 0.03, disagreement: 0.4 },
    { seeds: 5, questions: 400, difference: 0.03, betweenSeeds: 0, disagreement: 0.2 },
    { seeds: 1, questions: 400, difference: 0.05, betweenSeeds: 0, disagreement: 0.2 },
  ];
  const simulatedPower = (world: World): number => {
    const random = seededRandom("power", JSON.stringify(world));
    const studies = Array.from({ length: 3000 }, () => differenceInterval(simulated(world, random)));
    return studies.filter(({ low, high }) => low > 0 || high < 0).length / studies.length;
  };
  const computedPower = (world: World): number => {
    const withinSeed = Math.sqrt(world.disagreement - world.difference ** 2);
    return powerOf({ ...world, withinSeed }, world.difference);
  };

  it.each(
    worlds,
  )("is how often a simulated study shows the difference: $seeds seeds, $betweenSeeds between", (world) => {
    expect(Math.abs(computedPower(world) - simulatedPower(world))).toBeLessThan(0.03);
  });

  it("is less than the level without a difference where seeds differ in nothing, for their questions are asked as well", () => {
    const world = { seeds: 3, questions: 400, difference: 0, betweenSeeds: 0, disagreement: 0.3 };
    expect(Math.abs(computedPower(world) - simulatedPower(world))).toBeLessThan(0.01);
    expect(computedPower(world)).toBeLessThan(0.04);
  });

  it.skipIf(!hasScipy)("is statsmodels' for the t test", () => {
    const cases = [
      [0.5, 34, 0.05],
      [1.5, 5, 0.05],
      [2, 3, 0.05],
      [0.8, 12, 0.01],
    ] as const;
    const theirs = ask<number[]>(
      cases,
      `from statsmodels.stats.power import TTestPower
answer = [float(TTestPower().power(d, n, alpha)) for d, n, alpha in given]`,
    );
    for (const [i, [effect, seeds, alpha]] of cases.entries()) {
      const design = { seeds, questions: 1e12, betweenSeeds: 1, withinSeed: 0 };
      expect(powerOf(design, effect, 1 - alpha)).toBeCloseTo(theirs[i]!, 4);
    }
  });
});

describe("spreadOf", () => {
  it("tells the spread between seeds from that of their questions", () => {
    const random = seededRandom("spread");
    const world = { seeds: 400, questions: 300, difference: 0.02, betweenSeeds: 0.03, disagreement: 0.4 };
    const { betweenSeeds, withinSeed } = spreadOf(simulated(world, random));
    expect(Math.abs(betweenSeeds! - 0.03)).toBeLessThan(0.004);
    expect(withinSeed).toBeCloseTo(Math.sqrt(0.4), 1);
    // Seeds that do not differ seem to, by their questions alone: on the whole that is taken off.
    const alike = spreadOf(simulated({ ...world, betweenSeeds: 0 }, random));
    expect(alike.betweenSeeds!).toBeLessThan(0.012);
    expect(spreadOf(simulated({ ...world, seeds: 1 }, random)).betweenSeeds).toBeNull();
  });
});

describe("powerAnalysis", () => {
  const random = seededRandom("analysis");
  const tables = simulated(
    { seeds: 4, questions: 500, difference: 0.01, betweenSeeds: 0.02, disagreement: 0.3 },
    random,
  );

  it("names the smallest design that is enough", () => {
    const analysis = powerAnalysis(tables, { difference: 0.03 });
    const at = (change: Partial<Design>, difference = 0.03): number => powerOf({ ...analysis, ...change }, difference);
    expect(analysis).toMatchObject({ seeds: 4, questions: 500, power: at({}) });
    expect(at({ seeds: analysis.seedsNeeded! })).toBeGreaterThanOrEqual(0.8);
    expect(at({ seeds: analysis.seedsNeeded! - 1 })).toBeLessThan(0.8);
    expect(at({}, analysis.smallestDifference!)).toBeGreaterThanOrEqual(0.8);
    expect(at({}, analysis.smallestDifference! - 0.0002)).toBeLessThan(0.8);
    const many = powerAnalysis(tables, { difference: 0.2 });
    expect(powerOf({ ...many, questions: many.questionsNeeded! }, 0.2)).toBeGreaterThanOrEqual(0.8);
    expect(powerOf({ ...many, questions: many.questionsNeeded! - 1 }, 0.2)).toBeLessThan(0.8);
  });

  it("says that more questions do not help where the seeds differ too much, and nothing of seeds from one seed", () => {
    const apart = [60, 90, 20].map((onlyFirst, seed) => ({ seed, onlyFirst, onlySecond: 50, both: 300, neither: 100 }));
    expect(powerAnalysis(apart, { difference: 0.02 }).questionsNeeded).toBeNull();
    const one = powerAnalysis(tables.slice(0, 1), { difference: 0.02 });
    expect(one).toMatchObject({ betweenSeeds: null, seedsNeeded: null });
    expect(one.questionsNeeded).toBeGreaterThan(500);
  });

  it.each([
    [{ difference: 2 }],
    [{ difference: 0 }],
    [{ difference: Number.NaN }],
    [{ difference: 0.02, power: 80 }],
  ])("refuses %j", (options) => {
    expect(() => powerAnalysis(tables, options)).toThrow(expect.objectContaining({ code: "config-invalid" }));
  });
});

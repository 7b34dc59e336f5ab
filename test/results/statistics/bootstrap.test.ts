import { describe, expect, it } from "vitest";
import { seededRandom } from "../../../kernel-lib/src/core/index.js";
import { bootstrapMean } from "../../../kernel-lib/src/results/index.js";

/** `count` outcomes of which the first `right` are 1. */
const outcomes = (right: number, count: number): number[] => Array.from({ length: count }, (_, i) => Number(i < right));

describe("bootstrapMean", () => {
  it.each([
    [1160, 2000],
    [300, 500],
    [60, 500],
  ])("of %i right answers in %i has the width of the binomial distribution", (right, count) => {
    const share = right / count;
    const { value, low, high } = bootstrapMean([outcomes(right, count)]);
    const half = 1.959964 * Math.sqrt((share * (1 - share)) / count);
    expect(value).toBeCloseTo(share, 12);
    expect(Math.abs(high - low - 2 * half) / (2 * half)).toBeLessThan(0.06);
    expect(Math.abs((low + high) / 2 - share)).toBeLessThan(0.1 * half);
  });

  it("agrees with a plain second implementation, seeds as clusters", () => {
    const random = seededRandom("clusters");
    const clusters = [0.4, 0.55, 0.6, 0.5].map((share) =>
      Array.from({ length: 300 }, () => Number(random.next() < share)),
    );
    const ours = bootstrapMean(clusters);
    const theirs = plainBootstrap(clusters, 4000);
    const width = theirs[1] - theirs[0];
    expect(Math.abs(ours.low - theirs[0])).toBeLessThan(0.06 * width);
    expect(Math.abs(ours.high - theirs[1])).toBeLessThan(0.06 * width);
  });

  it("is wider when seeds differ than when all questions are taken as one sample", () => {
    const clusters = [outcomes(100, 400), outcomes(200, 400), outcomes(300, 400)];
    const width = ({ low, high }: { low: number; high: number }): number => high - low;
    expect(width(bootstrapMean(clusters))).toBeGreaterThan(3 * width(bootstrapMean([clusters.flat()])));
  });

  it("gives the same interval for the same seed, another for another, and a wider one for more coverage", () => {
    const values = [outcomes(30, 100)];
    expect(bootstrapMean(values)).toEqual(bootstrapMean(values));
    const seeds = [0, 1, 2, 3].map((seed) => bootstrapMean(values, { seed, resamples: 201 }).low);
    expect(new Set(seeds).size).toBeGreaterThan(1);
    expect(bootstrapMean(values, { level: 0.99 }).low).toBeLessThan(bootstrapMean(values).low);
  });

  it("knows its example and its limits", () => {
    expect(bootstrapMean([[1, 0, 1, 1, 0, 1, 0, 1]])).toEqual({ value: 0.625, low: 0.25, high: 0.875 });
    expect(bootstrapMean([[1, 1, 1]])).toEqual({ value: 1, low: 1, high: 1 });
    expect(() => bootstrapMean([])).toThrow(/no test answers/);
    expect(() => bootstrapMean([[1], []])).toThrow(/no test answers/);
  });
});

/** One number drawn at a time, no shortcuts. */
function plainBootstrap(clusters: readonly (readonly number[])[], resamples: number): [number, number] {
  const random = seededRandom("plain");
  const means = Array.from({ length: resamples }, () => {
    const sample = clusters.flatMap(() => {
      const cluster = random.pick(clusters);
      return cluster.map(() => random.pick(cluster));
    });
    return sample.reduce((sum, value) => sum + value, 0) / sample.length;
  }).sort((a, b) => a - b);
  return [means[Math.round(0.025 * resamples)]!, means[Math.round(0.975 * resamples) - 1]!];
}

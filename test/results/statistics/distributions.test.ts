import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normalTail, tCritical, tTail } from "../../../kernel-lib/src/results/statistics/distributions.js";
import { ask, hasScipy } from "./python.js";

const INFINITE = Number.POSITIVE_INFINITY;

describe("critical values", () => {
  // NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2, upper critical values of Student's t.
  it.each([
    [0.025, 1, 12.706],
    [0.025, 2, 4.303],
    [0.025, 3, 3.182],
    [0.025, 4, 2.776],
    [0.025, 10, 2.228],
    [0.025, 30, 2.042],
    [0.005, 1, 63.657],
    [0.005, 4, 4.604],
    [0.1, 9, 1.383],
    [0.025, INFINITE, 1.96],
    [0.005, INFINITE, 2.576],
  ])("are those of the table: tail %d, %d degrees of freedom: %d", (tail, freedom, critical) => {
    expect(tCritical(tail, freedom)).toBeCloseTo(critical, 3);
  });

  it("undo the tail, and tails on both sides make one", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e-9, max: 0.4999, noNaN: true }),
        fc.constantFrom(1, 2, 3, 4, 7, 20, 101, INFINITE),
        (tail, freedom) => {
          const critical = tCritical(tail, freedom);
          expect(tTail(critical, freedom) / tail).toBeCloseTo(1, 5);
          expect(tTail(-critical, freedom) + tTail(critical, freedom)).toBeCloseTo(1, 14);
        },
      ),
    );
  });
});

describe("tails", () => {
  it("of Cauchy and of two degrees of freedom have their textbook form", () => {
    for (const x of [0, 0.3, 1, 5, 60]) {
      expect(tTail(x, 1)).toBeCloseTo(0.5 - Math.atan(x) / Math.PI, 14);
      expect(tTail(x, 2)).toBeCloseTo((1 - x / Math.sqrt(2 + x * x)) / 2, 14);
    }
  });

  it("join where one formula takes over from another", () => {
    expect(normalTail(3 - 1e-12) / normalTail(3)).toBeCloseTo(1, 9);
    expect(tTail(2, 20_001) / tTail(2, 20_000)).toBeCloseTo(1, 3);
  });

  it.skipIf(!hasScipy)("are SciPy's", () => {
    const xs = [0, 0.1, 0.5, 1, 1.96, 2.99, 3, 4, 6, 10, 20];
    const freedoms = [1, 2, 3, 4, 5, 9, 30, 999];
    const theirs = ask<{ normal: number[]; t: number[][] }>(
      { xs, freedoms },
      `from scipy import stats
answer = {"normal": [stats.norm.sf(x) for x in given["xs"]],
          "t": [[stats.t.sf(x, d) for x in given["xs"]] for d in given["freedoms"]]}`,
    );
    for (const [i, x] of xs.entries()) {
      expect(normalTail(x) / theirs.normal[i]!).toBeCloseTo(1, 11);
      for (const [j, freedom] of freedoms.entries()) expect(tTail(x, freedom)).toBeCloseTo(theirs.t[j]![i]!, 12);
    }
  });
});

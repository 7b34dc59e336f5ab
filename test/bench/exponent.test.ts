import { describe, expect, it } from "vitest";
import { powerLaw } from "./exponent.js";

describe("powerLaw", () => {
  it("finds the exponent of an exact law, without error", () => {
    const sizes = [1, 2, 4, 8];
    const { exponent, standardError } = powerLaw(
      sizes,
      sizes.map((size) => 0.3 * size ** 1.5),
    );
    expect(exponent).toBeCloseTo(1.5, 12);
    expect(standardError).toBeCloseTo(0, 12);
  });

  // By hand: in units of log 2, x is 0..3, y is 0, 1, 3, 4, and the residuals are 0.1, -0.3, 0.3, -0.1.
  it("gives the slope and its standard error of points off the line", () => {
    const { exponent, standardError } = powerLaw([1, 2, 4, 8], [1, 2, 8, 16]);
    expect(exponent).toBeCloseTo(1.4, 12);
    expect(standardError).toBeCloseTo(Math.sqrt(0.2 / 2 / 5), 12);
  });

  it("says what it cannot fit", () => {
    expect(() => powerLaw([1, 1], [1, 2])).toThrow(/no power law/);
    expect(() => powerLaw([1, 2], [1, 0])).toThrow(/no power law/);
  });
});

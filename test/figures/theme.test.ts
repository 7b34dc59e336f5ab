import { describe, expect, it } from "vitest";
import { presetByName } from "../../kernel-lib/src/experiments/index.js";
import {
  errorBars,
  methodLine,
  methodStyle,
  namedMethods,
  reviewersStyles,
  themedLayout,
} from "../../kernel-lib/src/figures/index.js";

/** Linear RGB seen with full protanopia and deuteranopia (Viénot, Brettel and Mollon 1999). */
const visions = {
  normal: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protanopia: [0.11238, 0.88762, 0, 0.11238, 0.88762, 0, 0.00401, -0.00401, 1],
  deuteranopia: [0.29275, 0.70725, 0, 0.29275, 0.70725, 0, -0.02234, 0.02234, 1],
} as const;

describe("the methods' looks", () => {
  it.each(Object.entries(visions))("are apart in colour with %s vision, or differ in marker and dash", (_, matrix) => {
    expectApart(namedMethods, matrix);
    // "As released" is an arm of the main experiment only; nobody judges micro-math.
    const beside = namedMethods.filter((name) => !/as released|judge|human/.test(name));
    for (const question of Object.values(reviewersStyles)) expectApart([...Object.keys(question), ...beside], matrix);
  });

  it("of the reviewers' questions are those of arms that exist", () => {
    const arms = presetByName("micro-math/reviewers").arms.map(({ name }) => name);
    const styled = Object.values(reviewersStyles).flatMap((question) => Object.keys(question));
    expect(styled.sort()).toEqual(arms.filter((name) => !namedMethods.includes(name)).sort());
  });

  it("are the same wherever a name turns up, known or not", () => {
    expect(methodStyle("SFT")).toEqual({ color: "#000000", symbol: "square", dash: "longdash" });
    expect(methodStyle("my own rule")).toEqual(methodStyle("my own rule"));
    expect(methodStyle("toString").color).toMatch(/^#[0-9A-F]{6}$/);
  });
});

describe("methodLine", () => {
  it("draws intervals from end to end", () => {
    expect(errorBars([{ value: 3, low: 1, high: 4 }])).toMatchObject({ symmetric: false, array: [1], arrayminus: [2] });
    expect(methodLine("SFT", [0], [{ value: 1, low: 1, high: 1 }])).toMatchObject({
      mode: "markers",
      name: "SFT",
      y: [1],
    });
  });
});

describe("themedLayout", () => {
  it("takes titles as plain text and lets the given layout win", () => {
    const layout = themedLayout({ title: "T", xaxis: { title: "x" }, margin: { l: 1 } });
    expect(layout).toMatchObject({ title: { text: "T" }, xaxis: { title: { text: "x" } }, margin: { l: 1 } });
    expect(layout.template).toMatchObject({ layout: { paper_bgcolor: "white" } });
  });
});

function expectApart(names: readonly string[], matrix: readonly number[]): void {
  for (const [i, a] of names.entries()) {
    for (const b of names.slice(i + 1)) {
      const [x, y] = [methodStyle(a), methodStyle(b)];
      expect(x.symbol, `${a} and ${b}`).not.toBe(y.symbol);
      const apart = distance(lab(x.color, matrix), lab(y.color, matrix));
      if (x.dash === y.dash) expect(apart, `${a} and ${b}, both ${x.dash}`).toBeGreaterThan(20);
      else expect(apart, `${a} and ${b}`).toBeGreaterThan(5);
    }
  }
}

function lab(color: string, m: readonly number[]): readonly number[] {
  const rgb = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16) / 255);
  const linear = rgb.map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  const [r, g, b] = [0, 3, 6].map((row) =>
    Math.max(0, m[row]! * linear[0]! + m[row + 1]! * linear[1]! + m[row + 2]! * linear[2]!),
  );
  const f = (value: number): number => (value > 0.008856 ? Math.cbrt(value) : 7.787 * value + 16 / 116);
  const x = f((0.4124 * r! + 0.3576 * g! + 0.1805 * b!) / 0.9505);
  const y = f(0.2126 * r! + 0.7152 * g! + 0.0722 * b!);
  const z = f((0.0193 * r! + 0.1192 * g! + 0.9505 * b!) / 1.089);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

function distance(a: readonly number[], b: readonly number[]): number {
  return Math.hypot(...a.map((value, i) => value - b[i]!));
}

import { describe, expect, it } from "vitest";
import { tableOf } from "./table.js";
import { count, faultRandom } from "./tally.js";

describe("counting faults", () => {
  it("fails a test that lost something, used something wrong, or tried nothing", () => {
    const task = () => ({ meta: {} }) as never;
    const counts = { fault: "x", tries: 3, lost: 0, wrong: 0 };
    expect(() => count(task(), counts)).not.toThrow();
    for (const change of [{ lost: 1 }, { wrong: 1 }, { tries: 0 }]) {
      expect(() => count(task(), { ...counts, ...change })).toThrow();
    }
  });

  it("repeats itself: a fault's random source depends on seed and name only", () => {
    const draw = (name: string): readonly number[] => Array.from({ length: 4 }, faultRandom(name).next);
    expect(draw("a")).toEqual(draw("a"));
    expect(draw("a")).not.toEqual(draw("b"));
  });

  it("shows a failed test as failed", () => {
    const about = { test: "x.test.ts", seed: 0, form: "short", date: "2026-01-01", machine: "a machine" } as const;
    const row = { ...about, fault: "a | b", tries: 3, lost: 0, wrong: 1, mended: ["R1", "R2"], passed: false };
    expect(tableOf([row]).split("\n")[2]).toBe("| a \\| b **failed** | 3 | 0 | 1 | R1, R2 |");
  });
});

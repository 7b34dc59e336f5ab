import { describe, expect, it } from "vitest";
import type { Judgement } from "../../kernel-lib/src/human/index.js";
import { describePerson, personSummary } from "../../kernel-lib/src/results/index.js";
import { judgement } from "../human/items.js";

/** Gold pairs whose b is better: `right` of `count` are answered rightly, the evaluator is right on `model` of them. */
const gold = (right: number, count: number, model = count): Judgement[] =>
  Array.from({ length: count }, (_, i) =>
    judgement(i, {
      verdict: i < right ? "accept" : "reject",
      gold: { better: "b", evaluator: i < model ? 0.9 : 0.1 },
    }),
  );
/** Wilson's interval as the roots of (p - share)^2 = z^2 p (1 - p) / n, found by bisection. */
function roots(share: number, n: number): readonly [number, number] {
  const outside = (p: number): boolean => (p - share) ** 2 > (1.959963985 ** 2 * p * (1 - p)) / n;
  const between = (out: number, inside: number): number => {
    let [x, y] = [out, inside];
    for (let i = 0; i < 60; i++) {
      const middle = (x + y) / 2;
      if (outside(middle)) x = middle;
      else y = middle;
    }
    return y;
  };
  return [between(0, share), between(1, share)];
}

describe("a person, by a session", () => {
  it.each([
    [7, 10],
    [30, 41],
    [1, 3],
    [150, 200],
  ])("is right on %d of %d gold pairs, with Wilson's interval", (right, count) => {
    const { accuracy, gold: found, asked } = personSummary([...gold(right, count), judgement(999)]);
    expect([found, asked]).toEqual([count, 1]);
    expect(accuracy!.value).toBe(right / count);
    const [low, high] = roots(right / count, count);
    expect(accuracy!.low).toBeCloseTo(low, 6);
    expect(accuracy!.high).toBeCloseTo(high, 6);
  });

  it("is held against the evaluator on the pairs where there was a preference", () => {
    const doubts = [judgement(50, { verdict: "unsure", gold: { better: "a", evaluator: 0.9 } })];
    const late = [judgement(51, { verdict: "timeout", responseMs: 10_000, gold: { better: "a", evaluator: null } })];
    const summary = personSummary([...gold(6, 8, 4), ...doubts, ...late]);
    expect(summary.accuracy!.value).toBe(0.75);
    expect(summary.evaluatorAccuracy!.value).toBe(0.5);
    expect([summary.unsure, summary.timeouts]).toEqual([0.1, 0.1]);
  });

  it("shows how both halves went, how fast, and to which side", () => {
    const all = [
      ...gold(4, 4),
      ...gold(1, 4).map((one, i) => ({ ...one, pair: `${i}`, responseMs: 5000, left: "b" as const })),
    ];
    const { accuracyByHalf, responseMsByHalf, left } = personSummary(all);
    expect(accuracyByHalf.map((share) => share!.value)).toEqual([1, 0.25]);
    expect(responseMsByHalf).toEqual([1001.5, 5000]);
    // In the first half b stood right and was taken four times, in the second it stood left and was taken once.
    expect(left!.value).toBe(1 / 8);
  });

  it("tires within each sitting, and rests between them", () => {
    const sittings = ["one", "two", "three"].flatMap((sitting, k) =>
      gold(3, 6).map((one, i) => ({ ...one, pair: `${sitting} ${i}`, sitting, responseMs: 100 * k + i })),
    );
    expect(personSummary(sittings).accuracyByHalf.map((share) => share!.value)).toEqual([1, 0]);
  });

  it("is nobody without judgements", () => {
    expect(personSummary([])).toMatchObject({ asked: 0, accuracy: null, responseMs: null, left: null });
    expect(describePerson([])).toBe("Nobody has answered yet.");
    expect(describePerson(gold(7, 10))).toContain("| right on gold pairs | 70.0 % (39.7 % to 89.2 %) |");
  });
});

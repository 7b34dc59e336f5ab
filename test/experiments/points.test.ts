import { describe, expect, it } from "vitest";
import type { Outcome } from "../../kernel-lib/src/experiments/outcome.js";
import { pointOf } from "../../kernel-lib/src/experiments/points.js";
import type { GradedAnswer, KlRow, LabelRecord, PairRecord } from "../../kernel-lib/src/methods/index.js";
import { fakeRunner } from "../methods/fake-runner.js";

const graded = (...scores: readonly number[]): GradedAnswer[] =>
  scores.map((score, i) => ({ id: `test-${i}`, sample: 0, answer: "", tokens: 1, logprob: -1, finished: true, score }));

/** One label: score (or null), accepted, whether label and proposal are correct. */
const label = (
  score: number | null,
  accepted: boolean,
  labelCorrect: boolean,
  proposalCorrect: boolean,
): LabelRecord => ({
  ...{ id: "q", label: "l", proposal: "p", score, accepted, labelCorrect, proposalCorrect },
});
const pair = (score: number, selected: boolean, correctA: boolean, correctB: boolean): PairRecord => ({
  ...{ id: "p", questionId: "q", a: "a", b: "b", score, selected, correctA, correctB },
});

interface Tables {
  readonly test?: readonly GradedAnswer[];
  readonly validation?: readonly GradedAnswer[];
  readonly labels?: readonly LabelRecord[];
  readonly pairs?: readonly PairRecord[];
  readonly kl?: readonly KlRow[];
  readonly weakLabels?: readonly GradedAnswer[];
}
async function point({ test = graded(1, 0, 1, 1), validation, labels, pairs, kl, weakLabels }: Tables = {}) {
  const runner = fakeRunner();
  const outcome: Outcome = {
    ...{ seed: 3, arm: "an arm", method: "ilr", round: 2, model: runner.putModel("student"), test: runner.put(test) },
    ...(validation && { validation: runner.put(validation) }),
    ...(labels && { labels: runner.put(labels) }),
    ...(pairs && { pairs: runner.put(pairs) }),
    ...(kl && { kl: runner.put(kl) }),
    ...(weakLabels && { weakLabels: runner.put(weakLabels) }),
  };
  return pointOf(runner, outcome);
}

describe("a point", () => {
  it("says whose it is, its test accuracy, and every test question's outcome in order", async () => {
    expect(await point()).toMatchObject({
      seed: 3,
      arm: "an arm",
      method: "ilr",
      round: 2,
      testAccuracy: 0.75,
      testCount: 4,
      correct: "1011",
      step: "student",
    });
  });

  it("averages graded scores, and counts those no worse than the reference as correct", async () => {
    expect(await point({ test: graded(0.5, 1, 0.25, 0) })).toMatchObject({ testAccuracy: 0.4375, correct: "1100" });
  });

  it("has null for everything that its method does not have", async () => {
    const {
      seed: _,
      arm: _a,
      method: _m,
      round: _r,
      testAccuracy: _t,
      testCount: _c,
      correct: _o,
      step: _s,
      ...rest
    } = await point();
    expect(Object.values(rest).every((value) => value === null)).toBe(true);
    expect(Object.keys(rest).sort()).toEqual([
      "accepted",
      "broken",
      "calibration",
      "comparisonAccuracy",
      "comparisonCount",
      "disputed",
      "fixed",
      "kl",
      "klError",
      "labelAccuracy",
      "labelCount",
      "onlyLabelCorrect",
      "onlyProposalCorrect",
      "proposalAccuracy",
      "selectedAccuracy",
      "selectedCount",
      "validationAccuracy",
    ]);
  });

  it("has the validation split's accuracy where that was asked for", async () => {
    expect((await point({ validation: graded(1, 1, 0, 1) })).validationAccuracy).toBe(0.75);
  });

  it("of the weak supervisor has the accuracy of its labels", async () => {
    expect((await point({ weakLabels: graded(1, 0, 0, 1, 1) })).labelAccuracy).toBe(0.6);
  });
});

describe("labels", () => {
  it("are summed up as counted by hand", async () => {
    const labels = [
      label(0.9, true, false, true), // fixed; the source was right
      label(0.8, true, false, true), // fixed; right
      label(0.7, true, true, false), // broken; the source was wrong
      label(0.6, true, false, false), // replaced, still wrong; says nothing about the source
      label(0.55, false, false, true), // preferred but over the cap; the source was right
      label(0.2, false, true, false), // kept; right
      label(0.3, false, false, true), // a correct proposal refused; wrong
      label(0.1, false, false, false), // kept, wrong
      label(null, false, true, true), // agreed
      label(null, false, true, false), // malformed proposal: not compared
    ];
    expect(await point({ labels })).toMatchObject({
      // Right in the end: 1, 2, 6, 9, 10.
      labelAccuracy: 0.5,
      // 1, 2, 5, 7, 9.
      proposalAccuracy: 0.5,
      ...{ accepted: 4, fixed: 2, broken: 1 },
      // 1, 2, 5, 6 right of 1, 2, 3, 5, 6, 7.
      ...{ comparisonAccuracy: 4 / 6, comparisonCount: 6 },
      // Compared: all but the last two. Only the proposal right: 1, 2, 5, 7; only the label: 3, 6.
      ...{ labelCount: 10, disputed: 8, onlyProposalCorrect: 4, onlyLabelCorrect: 2 },
      ...{ selectedAccuracy: null, selectedCount: null },
    });
  });

  it("say what the source's beliefs were worth, by tenths, as counted by hand", async () => {
    const labels = [
      label(0.9, true, false, true),
      label(0.95, true, true, false),
      label(1, false, false, true),
      label(0.85, true, false, false), // says nothing about the source
      label(0.3, false, false, true),
      label(0, false, true, false),
      label(null, false, true, false),
    ];
    const { calibration } = await point({ labels });
    expect(calibration).toHaveLength(10);
    expect(calibration!.flatMap(({ pairs, right }, bin) => (pairs === 0 ? [] : [[bin, pairs, right]]))).toEqual([
      [0, 1, 0],
      [3, 1, 1],
      [9, 3, 2],
    ]);
    expect(calibration![9]!.belief).toBeCloseTo(2.85 / 3, 12);
  });

  it("that a filter dropped count no longer, and what is left has an accuracy of its own", async () => {
    const labels = [
      { ...label(0.9, false, false, true), dropped: true as const },
      { ...label(0.8, false, true, false), dropped: true as const },
      label(0.2, false, true, false),
      label(null, false, true, true),
      label(null, false, false, false),
    ];
    expect(await point({ labels })).toMatchObject({
      ...{ labelAccuracy: 2 / 3, labelCount: 3, accepted: 0, fixed: 0, broken: 0 },
      ...{ proposalAccuracy: 2 / 5, disputed: 3, onlyProposalCorrect: 1, onlyLabelCorrect: 2 },
    });
  });

  it("have no comparison accuracy where nothing was compared (naive ILR)", async () => {
    const labels = [
      label(null, true, false, true),
      label(null, true, true, false),
      label(null, false, true, true),
      label(null, false, true, true),
    ];
    expect(await point({ labels })).toMatchObject({
      labelAccuracy: 0.75,
      accepted: 2,
      fixed: 1,
      broken: 1,
      comparisonAccuracy: null,
      comparisonCount: 0,
      ...{ labelCount: 4, disputed: null, onlyProposalCorrect: null, onlyLabelCorrect: null },
    });
  });

  it("balance: right labels before, plus fixed, less broken, are right labels after", async () => {
    const bits = Array.from({ length: 8 }, (_, i) => [i & 1, i & 2, i & 4].map(Boolean) as [boolean, boolean, boolean]);
    const labels = bits.map(([accepted, labelCorrect, proposalCorrect]) =>
      label(0.6, accepted, labelCorrect, proposalCorrect),
    );
    const { labelAccuracy, fixed, broken } = await point({ labels });
    expect(labels.filter(({ labelCorrect }) => labelCorrect).length + fixed! - broken!).toBe(
      labelAccuracy! * labels.length,
    );
  });
});

describe("pairs", () => {
  it("are summed up as counted by hand", async () => {
    const pairs = [
      pair(0.9, true, false, true), // right
      pair(0.1, true, false, true), // wrong
      pair(0.2, true, true, false), // right
      pair(0.95, true, true, true), // no information
      pair(0.6, false, false, true), // right, not selected
      pair(0.4, false, false, true), // wrong, not selected
      pair(0.45, false, false, false), // no information
    ];
    expect(await point({ pairs })).toMatchObject({
      ...{ comparisonAccuracy: 3 / 5, comparisonCount: 5 },
      ...{ selectedAccuracy: 2 / 3, selectedCount: 4 },
      ...{ labelAccuracy: null, accepted: null },
    });
  });

  it("have no accuracy where none is informative", async () => {
    const pairs = [pair(0.9, true, true, true), pair(0.3, false, false, false)];
    expect(await point({ pairs })).toMatchObject({
      comparisonAccuracy: null,
      comparisonCount: 0,
      selectedAccuracy: null,
      selectedCount: 1,
    });
  });
});

describe("KL", () => {
  const rows = (...differences: readonly number[]): KlRow[] =>
    differences.map((d, i) => ({ id: `v-${i}`, policy: -1 + d, reference: -1 }));

  it("is the mean of policy less reference, with the standard error of that mean", async () => {
    const { kl, klError } = await point({ kl: rows(1, 2, 3, 6) });
    expect(kl).toBeCloseTo(3, 12);
    // Deviations -2, -1, 0, 3: variance 14 / 3, over 4 rows.
    expect(klError).toBeCloseTo(Math.sqrt(14 / 3 / 4), 12);
  });

  it("needs two samples", async () => {
    expect(await point({ kl: rows(1) })).toMatchObject({ kl: null, klError: null });
  });
});

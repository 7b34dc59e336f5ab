import { describe, expect, it } from "vitest";
import type { Point, RunRecord } from "../../kernel-lib/src/experiments/index.js";
import { bestByValidation } from "../../kernel-lib/src/results/index.js";
import { syntheticRun } from "./synthetic-run.js";

const rivals = ["DPO (evaluator)", "DPO (noisy oracle 0.75)", "DPO (oracle)"] as const;
const usual = syntheticRun({ seeds: [0, 1], questions: 40, rounds: 2 });

/** The run with validation accuracies by arm, round and seed. */
function validated(of: (point: Point) => number | null, run: RunRecord = usual): RunRecord {
  return { ...run, points: run.points.map((point) => ({ ...point, validationAccuracy: of(point) })) };
}

const testAccuracies = (run: RunRecord): readonly number[] => run.points.map(({ testAccuracy }) => testAccuracy);

describe("bestByValidation", () => {
  it("is the best mean over seeds at the last round, whatever the test split says", () => {
    // At round 1 the first would win, on seed 0 alone the third, on the test split the third; the mean at round 2 is the second's.
    const table: Readonly<Record<string, readonly [number, number]>> = {
      [rivals[0]]: [0.5, 0.6],
      [rivals[1]]: [0.6, 0.62],
      [rivals[2]]: [0.65, 0.52],
    };
    const run = validated(({ arm, round, seed }) =>
      round === 2 ? (table[arm]?.[seed] ?? 0) : arm === rivals[0] ? 0.9 : 0.1,
    );
    const { arm, candidates } = bestByValidation(run, rivals);
    expect(arm).toBe(rivals[1]);
    expect(candidates).toEqual(
      [0.55, 0.61, 0.585].map((share, i) => ({ arm: rivals[i], validationAccuracy: expect.closeTo(share, 12) })),
    );
    const worst = run.points.map((point) =>
      point.arm === rivals[1] ? { ...point, testAccuracy: 0, correct: "0".repeat(40) } : point,
    );
    expect(testAccuracies({ ...run, points: worst })).not.toEqual(testAccuracies(run));
    expect(bestByValidation({ ...run, points: worst }, rivals)).toEqual({ arm, candidates });
  });

  it("takes the first of equals, and only arms that were named", () => {
    const run = validated(() => 0.5);
    expect(bestByValidation(run, rivals).arm).toBe(rivals[0]);
    expect(bestByValidation(run, [...rivals].reverse()).arm).toBe(rivals[2]);
    const other = validated(({ arm }) => (arm === "ILR (oracle)" ? 0.9 : 0.5));
    expect(bestByValidation(other, rivals).arm).toBe(rivals[0]);
  });

  it("compares over the seeds that all rivals have", () => {
    const run = validated(({ arm, seed }) => (seed === 1 ? 0.9 : arm === rivals[1] ? 0.6 : 0.5));
    const points = run.points.filter(({ arm, seed }) => arm !== rivals[1] || seed === 0);
    expect(bestByValidation({ ...run, points }, rivals)).toMatchObject({
      arm: rivals[1],
      candidates: [{ validationAccuracy: 0.5 }, { validationAccuracy: 0.6 }, { validationAccuracy: 0.5 }],
    });
    const apart = run.points.filter(({ arm, seed }) => seed === (arm === rivals[0] ? 0 : 1));
    expect(() => bestByValidation({ ...run, points: apart }, rivals)).toThrow(
      expect.objectContaining({ code: "input-missing", message: expect.stringContaining("no seed in common") }),
    );
  });

  it("needs no validation split where there is no choice, and refuses to choose without one", () => {
    expect(bestByValidation(usual, [rivals[0]])).toEqual({
      arm: rivals[0],
      candidates: [{ arm: rivals[0], validationAccuracy: null }],
    });
    const run = validated(({ arm }) => (arm === rivals[2] ? null : 0.5));
    expect(() => bestByValidation(run, rivals)).toThrow(
      expect.objectContaining({
        code: "input-missing",
        message: expect.stringContaining(`no validation accuracy of ${rivals[2]}`),
        hint: expect.stringContaining("validate=true"),
      }),
    );
  });

  it("names what is missing", () => {
    expect(() => bestByValidation(usual, [])).toThrow(expect.objectContaining({ code: "config-invalid" }));
    expect(() => bestByValidation(usual, [rivals[0], "DPO (oracel)"])).toThrow(
      expect.objectContaining({ code: "name-unknown", hint: 'did you mean "DPO (oracle)"?' }),
    );
  });
});

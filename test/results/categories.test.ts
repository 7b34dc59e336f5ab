import { describe, expect, it } from "vitest";
import { accuracyByCategory, wilsonInterval } from "../../kernel-lib/src/results/index.js";
import { microMath, type Question } from "../../kernel-lib/src/tasks/index.js";
import { syntheticRun } from "./synthetic-run.js";

interface Row {
  readonly arm: string;
  readonly category: string;
  readonly questions: number;
  readonly accuracy: number;
  readonly accuracyLow: number;
  readonly accuracyHigh: number;
}

const rowsOf = async (...args: Parameters<typeof accuracyByCategory>): Promise<readonly Row[]> =>
  (await accuracyByCategory(...args)).objects() as Row[];

describe("accuracyByCategory", () => {
  it("puts each answer to its question's kind, by the seed's own questions", async () => {
    const run = syntheticRun({ seeds: [0, 1], questions: 2000, arms: ["SFT"] });
    const kinds = [0, 1].map((seed) => microMath.splits(seed).test.map(({ category }) => category));
    // Right on one kind of question and wrong on all others.
    const points = run.points.map((point) => ({
      ...point,
      correct: kinds[point.seed]!.map((kind) => (kind === kinds[0]![0] ? "1" : "0")).join(""),
    }));
    const rows = await rowsOf({ ...run, points }, microMath);
    expect(rows.filter(({ accuracy }) => accuracy === 100).map(({ category }) => category)).toEqual([kinds[0]![0]]);
    expect(rows.filter(({ accuracy }) => accuracy === 0)).toHaveLength(rows.length - 1);
    expect(rows.reduce((sum, { questions }) => sum + questions, 0)).toBe(4000);
  });

  it("counts only what was asked, with the score interval of one seed's questions", async () => {
    const task = { ...microMath, splits: () => ({ train: [], validation: [], test: four }) };
    const run = syntheticRun({ questions: 3, arms: ["SFT"] });
    const points = run.points.map((point) => ({ ...point, correct: "101" }));
    const rows = await rowsOf({ ...run, points }, task);
    expect(rows.map(({ category, questions }) => [category, questions])).toEqual([
      ["(none)", 1],
      ["sums", 2],
    ]);
    const { value, low, high } = wilsonInterval(0.5, 2);
    const { accuracy, accuracyLow, accuracyHigh } = rows[1]!;
    expect([accuracy, accuracyLow, accuracyHigh]).toEqual([100 * value, 100 * low, 100 * high]);
  });

  it("refuses a record of other questions", async () => {
    const task = { ...microMath, splits: () => ({ train: [], validation: [], test: four }) };
    const run = syntheticRun({ questions: 5, arms: ["SFT"] });
    await expect(accuracyByCategory(run, task)).rejects.toMatchObject({ code: "input-damaged" });
  });
});

const four: readonly Question[] = ["sums", "sums", undefined, "shares"].map((category, i) => ({
  ...{ id: String(i), question: "?", reference: "#### 1" },
  ...(category !== undefined && { category }),
}));

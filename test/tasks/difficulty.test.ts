import { describe, expect, it } from "vitest";
import { difficultyByTemplate, microMath } from "../../kernel-lib/src/tasks/index.js";

describe("difficultyByTemplate", () => {
  it("counts accuracy, steps, operations, carries and products, hardest first", () => {
    expect(
      difficultyByTemplate([
        { category: "easy", reference: "2 + 3 = 5 ; 5 - 2 = 3 #### 3", correct: true },
        { category: "easy", reference: "8 + 3 = 11 ; 11 - 9 = 2 #### 2", correct: true },
        { category: "hard", reference: "7 * 8 = 56 ; 56 / 4 = 14 ; 14 + 9 = 23 #### 23", correct: false },
        { category: "hard", reference: "7 * 8 = 56 ; 56 / 4 = 14 ; 14 + 2 = 16 #### 16", correct: true },
      ]),
    ).toEqual([
      { category: "hard", n: 2, accuracy: 0.5, steps: 3, operations: "*/+", carries: 0.5, products: 2 },
      { category: "easy", n: 2, accuracy: 1, steps: 2, operations: "+-", carries: 1, products: 0 },
    ]);
  });

  it("groups questions without a template, and makes nothing of nothing", () => {
    expect(difficultyByTemplate([{ reference: "2 + 2 = 4 #### 4", correct: false }])[0]).toMatchObject({
      category: "(none)",
      n: 1,
      accuracy: 0,
    });
    expect(difficultyByTemplate([])).toEqual([]);
  });

  it("sees graded difficulty in the task itself", () => {
    const rows = difficultyByTemplate(microMath.splits(0).test.map((question) => ({ ...question, correct: true })));
    expect(rows.reduce((sum, { n }) => sum + n, 0)).toBe(2000);
    expect(new Set(rows.map(({ steps }) => steps))).toEqual(new Set([2, 3, 4]));
    expect(Math.max(...rows.map(({ carries }) => carries))).toBeGreaterThan(0.5);
    expect(rows.some(({ products }) => products === 0) && rows.some(({ products }) => products === 2)).toBe(true);
  });
});

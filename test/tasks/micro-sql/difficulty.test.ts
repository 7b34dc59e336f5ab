import { describe, expect, it } from "vitest";
import { microSqlDifficulty } from "../../../kernel-lib/src/tasks/index.js";
import { microSql } from "../../../kernel-lib/src/tasks/micro-sql/index.js";
import { TEMPLATES } from "../../../kernel-lib/src/tasks/micro-sql/templates.js";
import { temporaryFolder } from "../sql/fixture.js";

describe("difficulty by template", () => {
  it("counts accuracy, words, tables and conditions, and names clauses, hardest first", () => {
    const join = "select name from pets join shops using ( shop ) where city = 'rome' and age > 30";
    expect(
      microSqlDifficulty([
        { category: "easy", reference: "select name from pets where age > 30", correct: true },
        { category: "easy", reference: "select name from pets", correct: true },
        { category: "hard", reference: join, correct: false },
        { category: "hard", reference: "select a from b where c in ( select d from e group by f )", correct: true },
      ]),
    ).toEqual([
      { category: "hard", n: 2, accuracy: 0.5, words: 17, tables: 2, conditions: 1.5, clauses: "group join select" },
      { category: "easy", n: 2, accuracy: 1, words: 6, tables: 1, conditions: 0.5, clauses: "" },
    ]);
  });

  it("sees graded difficulty in the task itself", async () => {
    await using task = microSql({ data: temporaryFolder() });
    const { test } = await task.splits(0);
    const rows = microSqlDifficulty(test.map((question) => ({ ...question, correct: true })));
    expect(rows.map(({ category }) => category).sort()).toEqual(TEMPLATES.map(({ name }) => name).sort());
    expect(new Set(rows.map(({ tables }) => tables))).toEqual(new Set([1, 2]));
    expect(new Set(rows.map(({ conditions }) => conditions))).toEqual(new Set([0, 1, 2]));
    for (const clause of ["group", "having", "join", "order", "select"])
      expect(rows.some(({ clauses }) => clauses.includes(clause))).toBe(true);
  });
});

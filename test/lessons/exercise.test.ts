/** Exercises of lessons: what a blank, a wrong and a right answer say, and how solutions take the place of blanks. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { LabError } from "../../kernel-lib/src/core/index.js";
import {
  blank,
  check,
  type Expect,
  type Notebook,
  readSolutions,
  withSolutions,
} from "../../kernel-lib/src/notebook/index.js";
import { ilrIn } from "../cli/command.js";
import { makeWorkspace, type Workspace } from "../notebook/fixture.js";

const shown: string[] = [];
beforeEach(() => {
  shown.length = 0;
  vi.spyOn(process.stdout, "write").mockImplementation((text) => shown.push(String(text)) > 0);
});

describe("a blank", () => {
  it("says which exercise is to be written, and what", () => {
    expect(() => blank("2.1", "the belief that b is better")).toThrowError(
      expect.objectContaining({
        code: "exercise-blank",
        message: "exercise 2.1 is still blank: write the belief that b is better",
        hint: expect.stringContaining("in place of blank(...)"),
      }),
    );
  });

  it("goes through a check as it is", async () => {
    const unwritten = (): number => blank("2.1", "a number");
    await expect(
      check("2.1", ({ near }) => {
        near(unwritten(), 1, "one");
        return "";
      }),
    ).rejects.toMatchObject({
      code: "exercise-blank",
    });
  });
});

describe("a check", () => {
  const wrong: readonly (readonly [string, (expectation: Expect) => void, string])[] = [
    ["another number", ({ near }) => near(0.25, 0.5, "the share"), "the share: got 0.25, expected 0.5"],
    ["no number", ({ near }) => near(Number.NaN, 0.5, "the share"), "the share: got NaN, expected 0.5"],
    ["nothing", ({ near }) => near(undefined as never, 1, "the share"), "the share: got undefined, expected 1"],
    ["a text", ({ near }) => near("1" as never, 1, "the share"), "the share: got '1', expected 1"],
    ["a guess too far", ({ near }) => near(3, 7, "points", { within: 2 }), "points: got 3, expected 7 (within 2)"],
    ["another list", ({ equal }) => equal(["b"], ["a"], "the names"), "the names: got [ 'b' ], expected [ 'a' ]"],
    ["another order", ({ equal }) => equal([1, 2], [2, 1], "the order"), "the order: got [ 1, 2 ], expected [ 2, 1 ]"],
    ["what does not hold", ({ that }) => that(false, "it is 3, which is odd"), "it is 3, which is odd"],
    ["a truthy value", ({ that }) => that("yes" as never, "it is no boolean"), "it is no boolean"],
  ];
  it.each(wrong)("says of %s what was got and expected", async (_, body, text) => {
    await expect(
      check("1.2", (expectation) => {
        body(expectation);
        return "";
      }),
    ).rejects.toMatchObject({
      code: "exercise-wrong",
      message: `exercise 1.2 is not right yet: ${text}`,
    });
    expect(shown).toEqual([]);
  });

  it("hands on a hint, and no stack, which would point into the check", async () => {
    const failing = check("1.2", ({ that }) => {
      that(false, "no", { hint: "look there" });
      return "";
    });
    const error = await failing.catch((caught: unknown) => caught as LabError);
    expect(error).toMatchObject({ hint: "look there", stack: "LabError: exercise 1.2 is not right yet: no" });
  });

  it("takes equal content whatever made it", async () => {
    const elsewhere = (await import("node:vm")).runInNewContext("({ list: [1, { a: 2 }], map: new Map([[1, 2]]) })");
    const body = ({ equal }: Expect): string => {
      equal(elsewhere, { map: new Map([[1, 2]]), list: [1, { a: 2 }] }, "objects of another realm");
      equal(new Map([["a", 1]]), new Map([["a", 1]]), "maps");
      return "";
    };
    await check("1.2", body);
    expect(shown.join("")).toContain("Exercise 1.2 is right.");
  });

  it("shows the remark of an answer that is right", async () => {
    await check("1.2", async ({ near }) => {
      near(0.1 + 0.2, 0.3, "a sum");
      return "It was *easy*.";
    });
    expect(shown.join("")).toContain("✓ **Exercise 1.2 is right.** It was *easy*.");
  });

  it("says where an answer throws, and leaves the kit's own errors alone", async () => {
    const broken = check("1.2", () => (undefined as never as { length: string }).length);
    await expect(broken).rejects.toMatchObject({
      code: "exercise-wrong",
      message: expect.stringContaining("your code stopped with TypeError: Cannot read properties of undefined"),
      cause: expect.any(TypeError),
    });
    const own = new LabError("step-failed", "no space");
    await expect(check("1.2", () => Promise.reject(own))).rejects.toBe(own);
  });
});

const lesson = (...exercises: string[]): Notebook => ({
  cells: [
    { id: "text", cell_type: "markdown", metadata: {}, source: "# Lesson" },
    ...exercises.map((exercise) => ({
      ...{ id: `e-${exercise}`, cell_type: "code" as const, metadata: { exercise, tags: ["x"] } },
      ...{ source: `blank("${exercise}", "it")`, outputs: [], execution_count: null },
    })),
  ],
  metadata: { title: "t" },
  nbformat: 4,
  nbformat_minor: 5,
});

describe("solutions", () => {
  let workspace: Workspace;
  beforeAll(async () => {
    workspace = await makeWorkspace();
  });
  afterAll(() => workspace?.remove());

  it("are the first blocks of code under the headings of exercises; the rest is for teachers", async () => {
    const text = [
      "# Lesson 1\n\n```ts\nnot this\n```",
      "## Before class\n\n```ts\nnor this\n```",
      "## 1.1 first\n\nA remark.\n\n```ts\nconst a = 1;\n\n// ## no heading\nconst b = 2;\n```\n\n```ts\nanother way\n```",
      "## 1.2\n\n### Why\n\n```ts\nc\n```\n",
    ].join("\n\n");
    const path = await workspace.file("fine.md", text.replaceAll("\n", "\r\n"));
    expect(await readSolutions(path)).toEqual({ "1.1": "const a = 1;\n\n// ## no heading\nconst b = 2;", "1.2": "c" });
  });

  it.each([
    ["no-code.md", "## 1.1\n\nLater.\n", "input-damaged", "exercise 1.1 has no code"],
    ["twice.md", "## 1.1\n```ts\na\n```\n## 1.1\n```ts\nb\n```\n", "input-damaged", "exercise 1.1 is there twice"],
    ["empty.md", "# Nothing\n", "input-damaged", "it has no exercise"],
  ])("are refused from %s", async (name, text, code, message) => {
    const path = await workspace.file(name, text);
    await expect(readSolutions(path)).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
  });

  it("take the place of the blanks, and nothing else changes", () => {
    const blanks = lesson("1.1", "1.2");
    const solved = withSolutions(blanks, { "1.2": "two", "1.1": "one" });
    expect(solved.cells.map(({ source }) => source)).toEqual(["# Lesson", "one", "two"]);
    const without = (notebook: Notebook): unknown => ({
      ...notebook,
      cells: notebook.cells.map((cell) => ({ ...cell, source: "" })),
    });
    expect(without(solved)).toEqual(without(blanks));
    expect(blanks.cells[1]!.source).toContain("blank");
  });

  it.each([
    [{ "1.1": "a" }, "no solution of 1.2"],
    [{ "1.1": "a", "1.2": "b", "1.3": "c" }, "solutions of 1.3, which it does not have"],
  ])("must be those of the lesson: %j", (solutions, message) => {
    expect(() => withSolutions(lesson("1.1", "1.2"), solutions)).toThrowError(
      expect.objectContaining({ code: "config-invalid", message: expect.stringContaining(message) }),
    );
  });

  it("are put in by `ilr notebook run --solutions`; the lesson stays blank", async () => {
    const imports = { ...lesson().cells[0]!, id: "imports", cell_type: "code" as const, source: "const twice = 2;" };
    const blanks = lesson("1.1");
    const path = await workspace.file("l.ipynb", JSON.stringify({ ...blanks, cells: [imports, ...blanks.cells] }));
    const before = await readFile(path, "utf8");
    await mkdir(join(workspace.folder, "answers"));
    await writeFile(join(workspace.folder, "answers", "l.md"), "## 1.1\n```ts\nconsole.log(twice * 21);\n```\n");

    const ilr = (...argv: string[]) => ilrIn(workspace.folder, process.env, ...argv);
    const solved = await ilr("notebook", "run", "l.ipynb", "--solutions", "answers", "--out", "solved");
    expect(solved.err).toBe("");
    expect(await readFile(join(workspace.folder, "solved", "l.ipynb"), "utf8")).toContain('"42\\n"');
    expect(await readFile(path, "utf8")).toBe(before);

    const inplace = await ilr("notebook", "run", "l.ipynb", "--solutions", "answers", "--inplace");
    expect(inplace.err).toContain("would write solutions into the lessons");
    const missing = await ilr("notebook", "run", "l.ipynb", "--solutions", "nowhere", "--out", "solved");
    expect(missing.err).toMatch(/input-missing.*cannot read the solutions .*nowhere.l\.md/);
  });
});

/** The lessons themselves: the committed notebooks agree with one another, blanks fail, solutions and other right answers pass, wrong ones do not. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  exerciseOf,
  Kernel,
  type Notebook,
  readNotebook,
  readSolutions,
  runNotebook,
  type Solutions,
  withSolutions,
} from "../../kernel-lib/src/notebook/index.js";
import { collectOutputs } from "../../kernel-lib/src/notebook/outputs.js";
import { otherAnswers } from "./answers.js";

const folder = resolve(import.meta.dirname, "..", "..", "notebooks", "teaching");
const lessons = (await readdir(folder))
  .filter((name) => name.endsWith(".ipynb"))
  .map((name) => basename(name, ".ipynb"));

const blanksOf = (lesson: string): Promise<Notebook> => readNotebook(join(folder, `${lesson}.ipynb`));
const solutionsOf = (lesson: string): Promise<Solutions> => readSolutions(join(folder, "solutions", `${lesson}.md`));
const exercisesOf = ({ cells }: Notebook): string[] => cells.flatMap((cell) => exerciseOf(cell) ?? []);

describe("what is committed", () => {
  it("is four lessons", () => {
    expect(lessons.map((lesson) => lesson.slice(0, "lesson-1".length))).toEqual([1, 2, 3, 4].map((n) => `lesson-${n}`));
  });

  it.each(lessons)("%s: blanks without outputs, each with a check after it", async (lesson) => {
    const { cells } = await blanksOf(lesson);
    const exercises = exercisesOf({ cells } as Notebook);
    expect(cells.length).toBeGreaterThanOrEqual(12);
    expect(cells.length).toBeLessThanOrEqual(20);
    expect(exercises).toEqual(exercises.map((_, i) => `${lesson["lesson-".length]}.${i + 1}`));
    expect(exercises.length).toBeGreaterThanOrEqual(2);
    for (const cell of cells) expect(cell.outputs ?? []).toEqual([]);
    for (const exercise of exercises) {
      const at = cells.findIndex((cell) => exerciseOf(cell) === exercise);
      expect(cells[at]!.source).toContain(`blank("${exercise}", `);
      expect(cells.findIndex(({ source }) => source.includes(`await check("${exercise}", `))).toBeGreaterThan(at);
    }
  });

  it.each(lessons)("%s: solved, it is the lesson with the solutions in place, executed to its end", async (lesson) => {
    const solved = await readNotebook(join(folder, "solutions", `${lesson}.ipynb`));
    const expected = withSolutions(await blanksOf(lesson), await solutionsOf(lesson));
    const withoutOutputs = ({ cells, ...rest }: Notebook): unknown => ({
      ...rest,
      cells: cells.map((cell) => (cell.cell_type === "code" ? { ...cell, outputs: [], execution_count: null } : cell)),
    });
    expect(withoutOutputs(solved), "run `make lessons`").toEqual(withoutOutputs(expected));
    const code = solved.cells.filter(({ cell_type }) => cell_type === "code");
    expect(code.map(({ execution_count }) => execution_count)).toEqual(code.map((_, i) => i + 1));
    const text = JSON.stringify(code.map(({ outputs }) => outputs));
    for (const exercise of exercisesOf(solved)) expect(text).toContain(`Exercise ${exercise} is right`);
    expect(text).not.toContain('"output_type":"error"');
  });
});

describe.each(lessons)("%s", (lesson) => {
  let blanks: Notebook;
  let solutions: Solutions;
  beforeAll(async () => {
    [blanks, solutions] = await Promise.all([blanksOf(lesson), solutionsOf(lesson)]);
  });

  it("takes what is right, says what is wrong, and runs to its end", { timeout: 900_000 }, async () => {
    const session = await openSession();
    try {
      const done = new Set<string>();
      for (const [at, cell] of blanks.cells.entries()) {
        const exercise = exerciseOf(cell);
        if (cell.cell_type !== "code" || done.has(cell.id)) continue;
        if (exercise === undefined) {
          expect(await session.run(cell.source), cell.id).toBe("ok");
          continue;
        }
        const { wrong, right } = otherAnswers[exercise]!;
        expect(wrong.length).toBeGreaterThan(0);
        expect(right.length).toBeGreaterThan(0);
        const end = blanks.cells.findIndex(({ source }) => source.includes(`await check("${exercise}", `));
        const between = blanks.cells.slice(at + 1, end).filter(({ cell_type }) => cell_type === "code");
        const check = blanks.cells[end]!.source;
        const answers = [
          ...right.map((code) => [code, undefined] as const),
          ...wrong,
          [solutions[exercise]!, undefined] as const,
        ];
        for (const [i, [code, says]] of answers.entries()) {
          expect(await session.run(code), code).toBe("ok");
          if (i === 0) for (const other of between) expect(await session.run(other.source), other.id).toBe("ok");
          const said = await session.run(check);
          if (says === undefined) expect(said, code).toBe("ok");
          else expect(said, code).toMatch(says);
          if (says !== undefined) expect(said).toContain(`LabError: exercise ${exercise} is not right yet: `);
        }
        for (const { id } of [...between, blanks.cells[end]!]) done.add(id);
      }
    } finally {
      await session.close();
    }
  });

  it("fails with its blanks at the first exercise, and says what to write", { timeout: 300_000 }, async () => {
    const output = join(store, `${lesson}.ipynb`);
    const failure = await runNotebook(join(folder, `${lesson}.ipynb`), { output, env: environment() }).catch((e) => e);
    const [first] = exercisesOf(blanks);
    expect(failure).toMatchObject({ code: "notebook-failed", ename: "LabError" });
    expect(failure.evalue).toMatch(new RegExp(`^exercise ${first!.replace(".", "\\.")} is still blank: write \\w`));
    expect(blanks.cells[failure.index]!.source).toContain(`check("${first}"`);
  });
});

// One store for all lessons, as a class has.
let store: string;
beforeAll(async () => {
  store = await mkdtemp(join(tmpdir(), "ilr-lessons-"));
});
afterAll(() => rm(store, { recursive: true, force: true }));

const environment = (): NodeJS.ProcessEnv => ({ ...process.env, ILR_STORE: join(store, "store"), FROM_SCRATCH: "" });

interface Session {
  /** "ok", or what went wrong. */
  run(code: string): Promise<string>;
  close(): Promise<void>;
}

async function openSession(): Promise<Session> {
  const kernel = await Kernel.start({ cwd: folder, env: environment() });
  return {
    run: async (code) => {
      const collector = collectOutputs();
      const outputs: Parameters<typeof collector.add>[0] = [];
      const { status } = await kernel.execute(code, (message) => collector.add(outputs, message));
      const error = outputs.find((output) => output.output_type === "error");
      return error === undefined ? status : `${error.ename}: ${error.evalue}`;
    },
    close: () => kernel.close(),
  };
}

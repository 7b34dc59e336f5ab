import { readFile } from "node:fs/promises";
import { LabError } from "../../core/index.js";
import type { Cell, Notebook } from "../nbformat.js";

/** Code by the number of the exercise that it solves. */
export type Solutions = Readonly<Record<string, string>>;

/**
 * Reads the solutions of a lesson: a Markdown file in which a heading `## 1.2 ...` begins an exercise, and the first block of `ts` code under
 * it is its solution. Whatever else it says is for teachers.
 *
 * @throws LabError `input-missing`; `input-damaged` for an exercise without code, one that is there twice, or a file without any.
 */
export async function readSolutions(path: string): Promise<Solutions> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw new LabError("input-missing", `cannot read the solutions ${path}`, {
      hint: "the solutions of NAME.ipynb are in NAME.md of the folder that was given",
      cause,
    });
  }
  const damaged = (what: string): LabError =>
    new LabError("input-damaged", `${path}: ${what}`, {
      hint: "expected headings such as `## 1.2 title`, each followed by a block of ts code",
    });
  const solutions: Record<string, string> = {};
  for (const section of text.replaceAll("\r\n", "\n").split(/^(?=## )/m)) {
    const exercise = /^## (\d+\.\d+)\b/.exec(section)?.[1];
    if (exercise === undefined) continue;
    const code = /^```ts\n([\s\S]*?)\n```$/m.exec(section)?.[1];
    if (code === undefined) throw damaged(`exercise ${exercise} has no code`);
    if (exercise in solutions) throw damaged(`exercise ${exercise} is there twice`);
    solutions[exercise] = code;
  }
  if (Object.keys(solutions).length === 0) throw damaged("it has no exercise");
  return solutions;
}

/** The number of the exercise that a cell is the place for; undefined for other cells. */
export function exerciseOf({ metadata }: Cell): string | undefined {
  return typeof metadata.exercise === "string" ? metadata.exercise : undefined;
}

/**
 * A lesson with its solutions in place of the blanks; nothing else of it changes.
 *
 * @throws LabError `config-invalid` when an exercise has no solution, or a solution no exercise.
 */
export function withSolutions(lesson: Notebook, solutions: Solutions): Notebook {
  const exercises = lesson.cells.flatMap((cell) => exerciseOf(cell) ?? []);
  const unsolved = exercises.filter((exercise) => !Object.hasOwn(solutions, exercise));
  const unknown = Object.keys(solutions).filter((exercise) => !exercises.includes(exercise));
  if (unsolved.length > 0 || unknown.length > 0) {
    const faults = [
      ...(unsolved.length > 0 ? [`no solution of ${unsolved.join(", ")}`] : []),
      ...(unknown.length > 0 ? [`solutions of ${unknown.join(", ")}, which it does not have`] : []),
    ];
    throw new LabError("config-invalid", `the solutions do not fit the lesson: ${faults.join("; ")}`, {
      hint: `its exercises, the cells with "exercise" in their metadata, are ${exercises.join(", ") || "none"}`,
    });
  }
  const cells = lesson.cells.map((cell): Cell => {
    const exercise = exerciseOf(cell);
    return exercise === undefined ? cell : { ...cell, source: solutions[exercise]! };
  });
  return { ...lesson, cells };
}

import { type Json, LabError, nearestName } from "../core/index.js";
import type { Cell, Notebook } from "./nbformat.js";

/** Values for the names that a notebook's cell tagged `parameters` declares. */
export interface Parameters {
  readonly [name: string]: Json;
}

/**
 * Puts a cell tagged `injected-parameters` after the cell tagged `parameters`, as papermill does; one that is there already is
 * replaced. Both declare the same names: in tslab a later cell may declare a name again, and the later value holds from there on.
 *
 * @throws LabError `config-invalid` when the notebook has no such cell, or the cell does not declare a name that was given.
 * @example
 * // a cell tagged "parameters":  const seeds = [0, 1, 2];
 * injectParameters(notebook, { seeds: [0] });
 */
export function injectParameters(notebook: Notebook, parameters: Parameters): Notebook {
  if (Object.keys(parameters).length === 0) return notebook;
  const cells = notebook.cells.filter((cell) => !hasTag(cell, "injected-parameters"));
  const at = cells.findIndex((cell) => cell.cell_type === "code" && hasTag(cell, "parameters"));
  const declaring = cells[at];
  if (declaring === undefined) {
    throw new LabError(
      "config-invalid",
      "parameters were given, but the notebook has no code cell tagged `parameters`",
      {
        hint: 'add the tag "parameters" to the cell that declares them',
      },
    );
  }
  checkNames(declaring.source, Object.keys(parameters));
  const declarations = Object.entries(parameters).map(([name, value]) => `const ${name} = ${JSON.stringify(value)};`);
  const injected: Cell = {
    id: "injected-parameters",
    cell_type: "code",
    metadata: { tags: ["injected-parameters"] },
    source: ["// Given by the runner, in place of the values above.", ...declarations].join("\n"),
    outputs: [],
    execution_count: null,
  };
  return { ...notebook, cells: [...cells.slice(0, at + 1), injected, ...cells.slice(at + 1)] };
}

function checkNames(source: string, names: readonly string[]): void {
  const declared = [...source.matchAll(/\b(?:const|let|var)\s+([\p{L}_$][\p{L}\p{N}_$]*)/gu)].map((match) => match[1]!);
  for (const name of names) {
    if (declared.includes(name)) continue;
    const near = nearestName(name, declared);
    const known = `the notebook's parameters are ${declared.join(", ") || "none"}`;
    throw new LabError("config-invalid", `the notebook has no parameter ${JSON.stringify(name)}; ${known}`, {
      ...(near === undefined ? {} : { hint: `did you mean ${near}?` }),
    });
  }
}

function hasTag(cell: Cell, tag: string): boolean {
  return Array.isArray(cell.metadata.tags) && cell.metadata.tags.includes(tag);
}

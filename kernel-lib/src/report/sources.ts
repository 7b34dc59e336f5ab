import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { LabError, sha256 } from "../core/index.js";
import { formatNotebook, type Notebook, readNotebook } from "../notebook/index.js";

/** An executed notebook. */
export interface Source {
  /** Name of its file. */
  readonly name: string;
  readonly notebook: Notebook;
  /** Digest of its content, whatever the layout of the file. */
  readonly digest: string;
}

/** Notebooks that a report is made of when none are named. */
export interface FoundNotebooks {
  readonly paths: readonly string[];
  /** Those that were left out because nothing in them was executed. */
  readonly skipped: readonly string[];
}

/**
 * The executed notebooks of a project, by name: those of `notebooks/`, and in place of each the one of the same name in
 * `out/notebooks/`, where `ilr notebook run` leaves what it executed; then whatever else lies there.
 *
 * @throws LabError `input-missing` when there are none, `input-damaged` when one cannot be read.
 */
export async function findNotebooks(root: string): Promise<FoundNotebooks> {
  const byName = new Map<string, string>();
  const skipped: string[] = [];
  for (const folder of [join(root, "notebooks"), join(root, "out", "notebooks")]) {
    for (const path of await notebooksIn(folder)) {
      if (isExecuted(await readSound(path))) byName.set(basename(path), path);
      else skipped.push(path);
    }
  }
  if (byName.size === 0) {
    const found =
      skipped.length > 0 ? `none of the notebooks is executed: ${skipped.join(", ")}` : "there are no notebooks";
    throw new LabError("input-missing", `${found} (looked in notebooks/ and out/notebooks/ of ${root})`, {
      hint: "execute them first: ilr notebook run --inplace notebooks/*.ipynb",
    });
  }
  const paths = [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path);
  return { paths, skipped: skipped.filter((path) => !byName.has(basename(path))) };
}

/**
 * Reads the notebooks of a report.
 *
 * @throws LabError `input-missing` for a file that is not there, `input-damaged` for one that is no notebook or was not executed.
 */
export async function readSources(paths: readonly string[]): Promise<readonly Source[]> {
  if (paths.length === 0) throw new LabError("config-invalid", "a report needs at least one notebook");
  const sources: Source[] = [];
  for (const path of new Set(paths)) {
    const notebook = await readSound(path);
    if (!isExecuted(notebook)) {
      throw new LabError("input-damaged", `${path} was not executed: none of its code cells was run`, {
        hint: `execute it first: ilr notebook run --inplace ${path}`,
      });
    }
    sources.push({ name: basename(path), notebook, digest: sha256(formatNotebook(notebook)) });
  }
  return sources;
}

/** True for a code cell that left a trace of having run. */
export function wasRun({ execution_count, outputs = [] }: Notebook["cells"][number]): boolean {
  return typeof execution_count === "number" || outputs.length > 0;
}

/** True when some code ran, and when there is no code to run. */
function isExecuted({ cells }: Notebook): boolean {
  const code = cells.filter(({ cell_type, source }) => cell_type === "code" && source.trim() !== "");
  return code.length === 0 || code.some(wasRun);
}

async function readSound(path: string): Promise<Notebook> {
  try {
    return await readNotebook(path);
  } catch (error) {
    if (!(error instanceof LabError) || error.hint !== undefined) throw error;
    const hint = "`ilr report` without names takes the notebooks of notebooks/ and out/notebooks/";
    throw new LabError(error.code, error.message, { hint, cause: error.cause });
  }
}

async function notebooksIn(folder: string): Promise<readonly string[]> {
  let names: readonly string[];
  try {
    names = await readdir(folder);
  } catch {
    return [];
  }
  return names
    .filter((name) => name.endsWith(".ipynb") && !name.startsWith("."))
    .sort()
    .map((name) => join(folder, name));
}

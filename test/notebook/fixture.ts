import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..", "..");

/** The built notebook floor, for cells to import from. */
export const builtNotebook: string = join(root, "kernel-lib", "dist", "notebook", "index.js");

/** A folder of notebooks that sees the repository's packages, as `notebooks/` does. */
export interface Workspace {
  readonly folder: string;
  /** Writes a notebook of code cells; a cell may start with a tag: `#parameters\n...`. */
  notebook(name: string, cells: readonly string[]): Promise<string>;
  /** Writes a file. @returns its path. */
  file(name: string, text: string): Promise<string>;
  remove(): Promise<void>;
}

export async function makeWorkspace(): Promise<Workspace> {
  const folder = await mkdtemp(join(tmpdir(), "ilr-notebook-test-"));
  await symlink(join(root, "node_modules"), join(folder, "node_modules"), "dir");
  return {
    folder,
    async notebook(name, cells) {
      const path = join(folder, name);
      await writeFile(path, JSON.stringify(notebookOf(cells)));
      return path;
    },
    async file(name, text) {
      const path = join(folder, name);
      await writeFile(path, text);
      return path;
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

function notebookOf(cells: readonly string[]): object {
  return {
    cells: cells.map((text) => {
      const [, tag, source] = /^(?:#(\w+)\n)?([\s\S]*)$/.exec(text)!;
      const metadata = tag === undefined ? {} : { tags: [tag] };
      return { cell_type: "code", metadata, source: source!, outputs: [], execution_count: null };
    }),
    metadata: {},
    nbformat: 4,
    nbformat_minor: 4,
  };
}

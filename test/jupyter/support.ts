import { execFile, execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { findChromium } from "../../kernel-lib/src/figures/chromium.js";

const root = resolve(import.meta.dirname, "..", "..");

/** The name and the title under which Jupyter lists our kernel. */
export const kernelName = "ilr-lab-typescript";
export const kernelTitle = "TypeScript (ilr-lab)";

/** The built notebook floor, for cells that need no more of the library: it loads faster. */
export const builtNotebook: string = join(root, "kernel-lib", "dist", "notebook");

/** A Python with JupyterLab and nbclient, and why there is none. */
interface Search {
  readonly python?: string;
  readonly missing?: string;
}

const needed = ["jupyterlab", "jupyter_client", "nbclient", "nbformat"];
const search = findPython();

/** The Python that the tests drive Jupyter with. */
export const python: string = search.python ?? "python3";

/** Why tests with Jupyter cannot run here; undefined where they can. CI sets ILR_REQUIRE_JUPYTER: there, nothing may be missing. */
export const jupyterMissing: string | undefined = required(search.missing);

/** The browser for JupyterLab. */
export const chromium: string | undefined = findChromium();

/** Why tests of JupyterLab in a browser cannot run here; undefined where they can. */
export const labMissing: string | undefined =
  jupyterMissing ??
  required(chromium === undefined ? "there is no Chromium (apt-get install chromium, or set ILR_CHROMIUM)" : undefined);

function findPython(): Search {
  const given = process.env.ILR_JUPYTER_PYTHON;
  const own = join(root, ".venv", process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
  const candidates = given !== undefined ? [given] : [...(existsSync(own) ? [own] : []), "python3"];
  const program = `import importlib.util, sys; sys.exit(not all(map(importlib.util.find_spec, ${JSON.stringify(needed)})))`;
  const found = candidates.find((candidate) => spawnSync(candidate, ["-c", program]).status === 0);
  if (found !== undefined) return { python: found };
  const advice = "python3 -m venv .venv && .venv/bin/pip install -r .ci/requirements.txt";
  return { missing: `no JupyterLab and nbclient in ${candidates.join(" or ")} (${advice})` };
}

function required(missing: string | undefined): string | undefined {
  if (missing === undefined) return undefined;
  if (process.env.ILR_REQUIRE_JUPYTER === "1") throw new Error(`tests with Jupyter were asked for: ${missing}`);
  console.log(`skipped: ${missing}`);
  return missing;
}

/** A temporary Jupyter installation with our kernel, and a folder for notebooks. */
export interface JupyterHome {
  /** Everything of it. */
  readonly folder: string;
  /** Where notebooks are. There are no packages near it: the kernel brings its own. */
  readonly notebooks: string;
  /** Environment for Jupyter: nothing of the user's own settings is read or written. */
  readonly env: NodeJS.ProcessEnv;
  /** Writes a notebook and returns its path. */
  notebook(name: string, cells: readonly SourceCell[]): Promise<string>;
  remove(): Promise<void>;
}

export async function makeJupyterHome(): Promise<JupyterHome> {
  const folder = await mkdtemp(join(tmpdir(), "ilr-jupyter-test-"));
  const notebooks = join(folder, "notebooks");
  const prefix = join(folder, "prefix");
  await mkdir(notebooks);
  installKernel(prefix);
  const env = {
    ...process.env,
    JUPYTER_PATH: join(prefix, "share", "jupyter"),
    JUPYTER_CONFIG_DIR: join(folder, "config"),
    JUPYTER_DATA_DIR: join(folder, "data"),
    JUPYTER_RUNTIME_DIR: join(folder, "runtime"),
    JUPYTERLAB_SETTINGS_DIR: join(folder, "settings"),
    JUPYTERLAB_WORKSPACES_DIR: join(folder, "workspaces"),
    IPYTHONDIR: join(folder, "ipython"),
  };
  return {
    folder,
    notebooks,
    env,
    async notebook(name, cells) {
      const path = join(notebooks, name);
      await writeFile(path, JSON.stringify(notebookOf(cells), null, 1));
      return path;
    },
    remove: () => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }),
  };
}

/** As a user does it. */
function installKernel(prefix: string): void {
  const ilr = join(root, "kernel-lib", "bin", "ilr.js");
  execFileSync(process.execPath, [ilr, "kernel", "install", "--prefix", prefix]);
}

/** A cell as tests write it: code, or another kind, or code with a tag. */
export type SourceCell = string | { readonly markdown: string } | { readonly raw: string } | TaggedCode;

interface TaggedCode {
  readonly code: string;
  readonly tag: string;
}

function notebookOf(cells: readonly SourceCell[]): object {
  return {
    cells: cells.map((cell, i) => {
      const common = { id: `cell-${i}`, metadata: {} };
      if (typeof cell === "object" && "markdown" in cell)
        return { ...common, cell_type: "markdown", source: cell.markdown };
      if (typeof cell === "object" && "raw" in cell) return { ...common, cell_type: "raw", source: cell.raw };
      const [source, metadata] = typeof cell === "string" ? [cell, {}] : [cell.code, { tags: [cell.tag] }];
      return { ...common, cell_type: "code", source, metadata, outputs: [], execution_count: null };
    }),
    metadata: { kernelspec: { display_name: kernelTitle, language: "typescript", name: kernelName } },
    nbformat: 4,
    nbformat_minor: 5,
  };
}

/**
 * Runs a Python script of this folder: JSON in on stdin, JSON out on stdout.
 *
 * @throws Error with the script's last words when it fails or outlasts its limit.
 */
export async function runPython<T>(
  script: string,
  input: unknown,
  options: { readonly env: NodeJS.ProcessEnv; readonly timeoutMs?: number },
): Promise<T> {
  const running = promisify(execFile)(python, [join(import.meta.dirname, script)], {
    env: options.env,
    maxBuffer: 1 << 28,
    timeout: options.timeoutMs ?? 90_000,
  });
  running.child.stdin?.end(JSON.stringify(input));
  return JSON.parse((await running).stdout) as T;
}

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Kernel } from "./kernel-process.js";
import { dataFolders, findKernelspecs, kernelDisplayName, kernelName } from "./kernelspec.js";

/** One thing that the kernel needs, or can use. */
export interface Finding {
  readonly what: string;
  /** `absent`: a convenience that is not there; nothing is wrong without it. */
  readonly state: "ok" | "absent" | "wrong";
  readonly detail: string;
  /** How to mend it; undefined when all is well. */
  readonly remedy: string | undefined;
}

export interface DoctorOptions {
  /** Where the kernel is tried: the folder of a notebook. */
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly nodeVersion?: string;
}

/**
 * Tells what keeps notebooks from working on this machine, and how to mend it.
 *
 * @example
 * for (const { what, state, detail } of await examineKernel({ cwd: process.cwd() })) console.log(state, what, detail);
 */
export async function examineKernel(options: DoctorOptions): Promise<readonly Finding[]> {
  const { env = process.env, nodeVersion = process.versions.node } = options;
  const [kernel, jupyter] = await Promise.all([tryKernel(options), findJupyter(env)]);
  return [nodeFinding(nodeVersion), kernel, jupyter.finding, await specFinding(env, jupyter.command)];
}

/** The first Node 20 that can `require` an ES module without a flag, as cells do with `ilr-lab`. */
const leastNode = [20, 19] as const;

function nodeFinding(version: string): Finding {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const old = major < leastNode[0] || (major === leastNode[0] && minor < leastNode[1]);
  return {
    what: "Node",
    state: old ? "wrong" : "ok",
    detail: old ? `${version} cannot load the library in cells` : version,
    remedy: old ? `install Node ${leastNode.join(".")} or newer, then: ilr kernel install` : undefined,
  };
}

async function tryKernel({ cwd, env }: DoctorOptions): Promise<Finding> {
  const what = "kernel";
  const started = Date.now();
  let kernel: Kernel | undefined;
  try {
    kernel = await Kernel.start({ cwd, ...(env && { env }) });
    let failure: string | undefined;
    const code = 'import { lab } from "ilr-lab";\nconst names: readonly string[] = lab.experiments();';
    const { status } = await kernel.execute(code, ({ type, content }) => {
      if (type === "error") failure = `${String(content.ename)}: ${String(content.evalue)}`;
    });
    if (status !== "ok") throw new Error(`a cell that imports the library fails: ${failure}`);
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    return { what, state: "ok", detail: `starts and imports ilr-lab in ${seconds} s`, remedy: undefined };
  } catch (error) {
    const { message, hint } = error as Error & { hint?: string };
    return { what, state: "wrong", detail: message, remedy: hint ?? "install and build again: npm ci && make" };
  } finally {
    await kernel?.close();
  }
}

type Command = readonly [string, ...string[]];

/** Jupyter's own command, or the module of a Python that is there. */
async function findJupyter(env: NodeJS.ProcessEnv): Promise<{ finding: Finding; command: Command | undefined }> {
  const commands: readonly Command[] = [["jupyter"], ["python3", "-m", "jupyter"], ["python", "-m", "jupyter"]];
  for (const command of commands) {
    const text = await outputOf([...command, "--version"], env);
    if (text === undefined) continue;
    const lab = /^jupyterlab\s*:\s*(\S+)/m.exec(text)?.[1];
    const server = lab !== undefined && lab !== "not";
    const finding: Finding = {
      what: "Jupyter",
      state: server ? "ok" : "absent",
      detail: server ? `JupyterLab ${lab}` : "Jupyter is there, JupyterLab is not",
      remedy: server ? undefined : "pip install jupyterlab, or open notebooks in VS Code",
    };
    return { finding, command };
  }
  const finding: Finding = {
    what: "Jupyter",
    state: "absent",
    detail: "not found",
    remedy: "pip install jupyterlab, or open notebooks in VS Code; `ilr notebook run` needs neither",
  };
  return { finding, command: undefined };
}

async function specFinding(env: NodeJS.ProcessEnv, jupyter: Command | undefined): Promise<Finding> {
  const what = `kernelspec`;
  const listed = jupyter && (await outputOf([...jupyter, "kernelspec", "list", "--json"], env));
  const seen = listed === undefined ? undefined : folderIn(listed);
  // What Jupyter itself names comes first: that is what it would start.
  const folders = [...(seen === undefined ? [] : [seen.replace(/[\\/]kernels[\\/][^\\/]+$/, "")]), ...dataFolders(env)];
  const [first] = await findKernelspecs(folders);
  const install = `ilr kernel install, or ilr kernel install --prefix <Jupyter's environment>`;
  if (first === undefined) return { what, state: "wrong", detail: "not installed", remedy: install };
  const { folder, fault } = first;
  if (fault !== undefined) return { what, state: "wrong", detail: `${folder} ${fault}`, remedy: install };
  if (listed !== undefined && seen === undefined) {
    return { what, state: "wrong", detail: `${folder} is not where Jupyter looks (jupyter --paths)`, remedy: install };
  }
  return { what, state: "ok", detail: `"${kernelDisplayName}" in ${folder}`, remedy: undefined };
}

function folderIn(listed: string): string | undefined {
  try {
    const { kernelspecs } = JSON.parse(listed) as { kernelspecs?: Record<string, { resource_dir?: string }> };
    return kernelspecs?.[kernelName]?.resource_dir;
  } catch {
    return undefined;
  }
}

/** What a command prints; undefined when it is not there or fails. */
async function outputOf(command: readonly string[], env: NodeJS.ProcessEnv): Promise<string | undefined> {
  try {
    const [program, ...rest] = command as Command;
    return (await promisify(execFile)(program, rest, { env, timeout: 30_000 })).stdout;
  } catch {
    return undefined;
  }
}

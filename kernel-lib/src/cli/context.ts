import { resolve } from "node:path";
import { type Backend, backendName, openBackend } from "../backends/index.js";
import { LabError, visibleText } from "../core/index.js";
import { findProject, type Project } from "../experiments/index.js";
import { openStore, type Store } from "../store/index.js";
import type { CliContext } from "./surroundings.js";

/** The backend of an option `--backend`; without it, that of the surroundings. @throws LabError `name-unknown`, `unsupported`. */
export async function openNamed(
  context: CliContext,
  name: string | undefined,
  workers: number | undefined,
  site?: string,
): Promise<Backend> {
  if (name !== undefined) return openBackend(backendName(name), { workers, site: site && resolve(context.cwd, site) });
  if (site === undefined) return context.openBackend(workers);
  throw new LabError("config-invalid", "--site without --backend slurm", { hint: "add --backend slurm" });
}

/** Prints a line of results; what acts on a terminal, such as escape codes in a name, becomes visible. */
export function print(context: CliContext, line: string): void {
  context.stdout.write(`${visibleText(line)}\n`);
}

/** The checkout that the command was called in, and its store. */
export async function openProject(context: CliContext): Promise<Project & { readonly content: Store }> {
  const project = findProject(context.cwd);
  const warn = (message: string): void => void context.stderr.write(`warning: ${visibleText(message)}\n`);
  return { ...project, content: await openStore(project.store, { warn }) };
}

/** A whole number from `least`, as commander gives it. @throws LabError `config-invalid`. */
export function wholeNumber(option: string, text: string, least: number): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isSafeInteger(value) && value >= least) return value;
  throw new LabError("config-invalid", `${option} is ${JSON.stringify(text)}; expected a whole number from ${least}`);
}

/** A list such as "0,1,2". @throws LabError `config-invalid`. */
export function wholeNumbers(option: string, text: string): readonly number[] {
  return text.split(",").map((part) => {
    try {
      return wholeNumber(option, part, 0);
    } catch {
      throw new LabError("config-invalid", `${option} is ${JSON.stringify(text)}; expected whole numbers from 0`, {
        hint: `such as ${option} 0,1,2`,
      });
    }
  });
}

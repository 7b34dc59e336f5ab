import { lstat, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { LabError } from "../core/index.js";
import { outputsOf, type Step } from "../steps/index.js";
import { type OutputRecord, parseRows, plainFiles, type Store } from "../store/index.js";
import { countParameters } from "./count-parameters.js";

/**
 * Checks that a trainer left every declared output, of the declared kind, made of plain files only.
 * @param directory the step's folder; outputs are in its `outputs/`.
 * @throws LabError `step-failed` naming the output that is missing or wrong.
 */
export async function assertOutputs(step: Step, directory: string): Promise<void> {
  // A trainer that runs as this user can put a link in the folder's place; what lies behind it is not the step's.
  if ((await lstat(join(directory, "outputs")).catch(() => undefined))?.isSymbolicLink()) {
    throw new LabError("step-failed", `${step.verb}: its folder of outputs is a symbolic link`, {
      hint: "the trainer broke the contract: outputs are left in the folder that it was given",
    });
  }
  for (const [name, kind] of Object.entries(outputsOf(step.verb, step.params))) {
    const problem = await problemOf(join(directory, "outputs", name), kind);
    if (problem !== undefined) {
      throw new LabError("step-failed", `${step.verb}: output "${name}" ${problem}`, {
        hint: "the trainer broke the contract: it must leave every declared output before it reports success",
      });
    }
  }
}

/** Stores every declared output. @throws LabError `step-failed`, `store-full`, `store-unwritable`. */
export async function storeOutputs(
  store: Store,
  step: Step,
  directory: string,
): Promise<Readonly<Record<string, OutputRecord>>> {
  await assertOutputs(step, directory);
  const outputs: [string, OutputRecord][] = [];
  for (const [name, kind] of Object.entries(outputsOf(step.verb, step.params))) {
    const path = join(directory, "outputs", name);
    try {
      const facts = kind === "file" ? { rows: await countRows(path) } : await parametersFact(path);
      const stored = kind === "file" ? await store.putFile(path) : await store.putTree(path);
      outputs.push([name, { ...stored, ...facts }]);
    } catch (error) {
      if (!(error instanceof LabError) || error.code !== "input-damaged") throw error;
      throw new LabError("step-failed", `${step.verb}: output "${name}": ${error.message}`, { cause: error });
    }
  }
  return Object.fromEntries(outputs);
}

/** Number of rows of a JSON Lines file. @throws LabError `input-damaged` naming the line that is not a JSON object. */
export async function countRows(path: string): Promise<number> {
  return parseRows(await readFile(path, "utf8"), path).length;
}

/** `{ parameters }` of a model folder; empty for a folder without weights. */
export async function parametersFact(folder: string): Promise<{ readonly parameters?: number }> {
  const weights = (await readdir(folder)).filter((name) => name.endsWith(".safetensors"));
  if (weights.length === 0) return {};
  let parameters = 0;
  for (const name of weights) parameters += await countParameters(join(folder, name));
  return { parameters };
}

async function problemOf(path: string, kind: "file" | "tree"): Promise<string | undefined> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return "is missing";
  if (found.isSymbolicLink()) return "is a symbolic link";
  if (kind === "file") return found.isFile() ? undefined : "is not a file";
  if (!found.isDirectory()) return "is not a folder";
  try {
    return (await plainFiles(path)).length > 0 ? undefined : "is an empty folder";
  } catch (error) {
    return error instanceof Error ? `cannot be stored: ${error.message}` : "cannot be stored";
  }
}

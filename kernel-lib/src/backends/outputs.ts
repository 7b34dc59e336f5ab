import { lstat, open, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { LabError } from "../core/index.js";
import { outputsOf, type Step } from "../steps/index.js";
import { type OutputRecord, parseRows, plainFiles, type Store } from "../store/index.js";

/**
 * Checks that a trainer left every declared output, of the declared kind, made of plain files only.
 * @param directory the step's folder; outputs are in its `outputs/`.
 * @throws LabError `step-failed` naming the output that is missing or wrong.
 */
export async function assertOutputs(step: Step, directory: string): Promise<void> {
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
  for (const name of weights) parameters += await countElements(join(folder, name));
  return { parameters };
}

/** Headers are a few kB per thousand tensors; more than this is not a safetensors file. */
const LARGEST_HEADER = 100_000_000;

/** Number of elements of all tensors, from a safetensors header: 8 bytes little-endian length, then JSON. */
async function countElements(path: string): Promise<number> {
  const file = await open(path);
  try {
    const length = Number((await file.read(Buffer.alloc(8), 0, 8, 0)).buffer.readBigUInt64LE());
    if (length > LARGEST_HEADER) throw new Error(`its header would be ${length} bytes`);
    const text = (await file.read(Buffer.alloc(length), 0, length, 8)).buffer.toString();
    const { __metadata__: _, ...tensors } = JSON.parse(text) as Record<string, { readonly shape: readonly number[] }>;
    return Object.values(tensors).reduce(
      (sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1),
      0,
    );
  } catch (cause) {
    throw new LabError("input-damaged", `${path} is not a safetensors file`, { hint: "was it cut off?", cause });
  } finally {
    await file.close();
  }
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

/** Runs steps with both trainers: the embedded engine in this process, ilr_trainer in one Python process for all. */
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Checkpoint, runStep, writeCheckpoint } from "../../kernel-lib/src/engine/index.js";
import { CONTRACT, type ParamsInput, paramsSchemas, type Step, type Verb } from "../../kernel-lib/src/steps/index.js";

/** A Python with the dependencies of containers/trainer; without it, the tests here are skipped. */
export const PYTHON = process.env.ILR_TRAINER_PYTHON ?? "";
export const WHY_SKIPPED =
  PYTHON === "" ? "skipped: ILR_TRAINER_PYTHON names no Python with the trainer's dependencies" : "";
const SOURCES = fileURLToPath(new URL("../../containers/trainer/src", import.meta.url));
const ENVIRONMENT = {
  ...process.env,
  PYTHONPATH: SOURCES,
  PYTHONDONTWRITEBYTECODE: "1",
  OMP_NUM_THREADS: "1",
};

/** A checkpoint, a model folder to copy, rows, or a JSON document. */
export type Input = Checkpoint | { readonly folder: string } | { readonly json: unknown } | readonly object[];

export interface Both<V extends Verb = Verb> {
  readonly verb: V;
  readonly params: ParamsInput<V>;
  readonly inputs: Readonly<Record<string, Input>>;
  readonly seed?: number;
  readonly storage?: "float32" | "bfloat16";
}

/** Folders of one step that both trainers ran. */
export interface Ran {
  readonly embedded: string;
  readonly trainer: string;
}

/** Keeps the types of each verb's parameters. */
export function both<V extends Verb>(job: Both<V>): Both {
  return job as unknown as Both;
}

export async function temporaryRoot(): Promise<{
  readonly path: string;
  readonly remove: () => Promise<void>;
}> {
  const path = await mkdtemp(join(tmpdir(), "ilr-parity-"));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** Lays out a step's folder as a backend does. */
async function layOut(folder: string, job: Both): Promise<Step> {
  await mkdir(join(folder, "inputs"), { recursive: true });
  for (const [name, input] of Object.entries(job.inputs)) {
    const path = join(folder, "inputs", name);
    if ("parameters" in input) await writeCheckpoint(path, input, { storage: job.storage ?? "float32" });
    else if ("folder" in input) await cp(input.folder, path, { recursive: true });
    else if ("json" in input) await writeFile(path, JSON.stringify(input.json));
    else await writeFile(path, (input as readonly object[]).map((row) => `${JSON.stringify(row)}\n`).join(""));
  }
  const params = paramsSchemas[job.verb].parse(job.params);
  const inputs = Object.fromEntries(Object.keys(job.inputs).map((name) => [name, `file:${"0".repeat(64)}`]));
  const step = { verb: job.verb, contract: CONTRACT, params, inputs, seed: job.seed ?? 0 } as unknown as Step;
  await writeFile(join(folder, "step.json"), JSON.stringify(step));
  return step;
}

/** Runs every job with both trainers. @param more folders for the Python process to run besides. */
export async function runBoth<K extends string>(
  root: string,
  jobs: Readonly<Record<K, Both>>,
  more: readonly string[] = [],
): Promise<Readonly<Record<K, Ran>>> {
  const ran: Partial<Record<K, Ran>> = {};
  for (const [name, job] of Object.entries(jobs) as [K, Both][]) {
    const place = join(root, name.replaceAll(/[^a-z0-9]+/gi, "-"));
    const folders = { embedded: join(place, "embedded"), trainer: join(place, "trainer") };
    const step = await layOut(folders.embedded, job);
    await layOut(folders.trainer, job);
    await runStep(step, folders.embedded, () => {}, new AbortController().signal);
    ran[name] = folders;
  }
  await runTrainer([...Object.values<Ran>(ran as Record<K, Ran>).map(({ trainer }) => trainer), ...more]);
  return ran as Record<K, Ran>;
}

/** Runs step folders in one Python process. */
async function runTrainer(folders: readonly string[]): Promise<void> {
  const script = fileURLToPath(new URL("run_steps.py", import.meta.url));
  await promisify(execFile)(PYTHON, [script, ...folders], { env: ENVIRONMENT, maxBuffer: 1 << 26 });
}

export async function rowsOf<R>(folder: string, name: string): Promise<readonly R[]> {
  const text = await readFile(join(folder, "outputs", name), "utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as R);
}

const differences: Record<string, number> = {};

/** Largest absolute difference of two lists of numbers; remembered for `measured`. */
export function difference(what: string, got: readonly number[], expected: readonly number[]): number {
  if (got.length !== expected.length) throw new Error(`${what}: ${got.length} numbers; expected ${expected.length}`);
  const largest = expected.reduce((most, value, k) => {
    const apart = Math.abs(got[k]! - value);
    // NaN must not pass for agreement.
    return Number.isNaN(apart) || apart > most ? apart : most;
  }, 0);
  differences[what] = Math.max(differences[what] ?? 0, largest);
  return largest;
}

/** What was measured so far, as lines. */
export function measured(): string {
  return Object.entries(differences)
    .filter(([, value]) => value > 0)
    .map(([what, value]) => `${what}: ${value.toExponential(1)}`)
    .join("\n");
}

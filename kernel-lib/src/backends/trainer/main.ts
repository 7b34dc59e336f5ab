/**
 * `ilr-trainer`, the embedded engine behind the contract's command line: `run <folder>` and `check`. What the `process` and `docker`
 * backends start is this program, or the Python one that speaks the same.
 */
import "../without-telemetry.js";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Emit, isDeeperThan, LabError, packageVersion, type StepEvent, shown } from "../../core/index.js";
import { type ArtifactRef, CONTRACT, type Step, type Verb } from "../../steps/index.js";
import { toFailure } from "../failure.js";
import { engineIdentity, onnxruntimeVersion } from "../identity.js";
import { assertOutputs } from "../outputs.js";
import { stepDocument } from "../step-document.js";

/** What a shell reports for a process that SIGTERM ended. */
const CANCELLED = 143;
const USAGE = "usage: ilr-trainer run <folder with step.json and inputs/> | ilr-trainer check";

/** Prints one line to standard output. */
type Print = (line: string) => void;

/**
 * The `ilr-trainer` command.
 *
 * @param argv arguments after the command's name.
 * @returns the exit code: 0 only with every declared output in place, 1 after an error, 143 after SIGTERM.
 * @example
 * process.exitCode = await trainerMain(["run", "/step"]);
 */
export async function trainerMain(argv: readonly string[]): Promise<number> {
  const print: Print = (line) => void process.stdout.write(`${line}\n`);
  // Standard output carries events only; what libraries print is log.
  console.log = console.error;
  console.info = console.error;
  // One thread a step, as in the embedded workers: the same bytes. Read by the compute library when it is loaded.
  process.env.OMP_NUM_THREADS ??= "1";
  const [command, folder] = argv;
  if (command === "check" && argv.length === 1) {
    print(JSON.stringify(await describeTrainer()));
    return 0;
  }
  if (command === "run" && folder !== undefined && argv.length === 2) return runFolder(folder, print);
  console.error(USAGE);
  return 2;
}

async function describeTrainer(): Promise<object> {
  const problems: { problem: string; remedy: string }[] = [];
  await import("onnxruntime-node").catch((error: unknown) => {
    problems.push({ problem: `onnxruntime cannot be loaded: ${String(error)}`, remedy: "run `npm ci`" });
  });
  return {
    name: "ilr-lab embedded",
    version: packageVersion(),
    contract: CONTRACT,
    identity: engineIdentity(),
    versions: { onnxruntime: onnxruntimeVersion(), node: process.version },
    problems,
  };
}

async function runFolder(folder: string, print: Print): Promise<number> {
  const say = (event: StepEvent): void => print(JSON.stringify(event));
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  process.on("SIGTERM", stop).on("SIGINT", stop);
  try {
    await runStepIn(folder, say, controller.signal);
    return 0;
  } catch (error) {
    const { code, message, hint } = toFailure(error);
    say({ type: "error", code, message, ...(hint === undefined ? {} : { hint }) });
    if (!(error instanceof LabError)) console.error(error);
    return code === "cancelled" ? CANCELLED : 1;
  } finally {
    process.off("SIGTERM", stop).off("SIGINT", stop);
  }
}

async function runStepIn(folder: string, emit: Emit, signal: AbortSignal): Promise<void> {
  const step = await readStep(folder);
  const { runStep } = await import("../../engine/index.js");
  await runStep(step, folder, emit, signal);
  await assertOutputs(step, folder);
}

/** @throws LabError `input-missing`, `step-invalid`. */
async function readStep(folder: string): Promise<Step> {
  const path = join(folder, "step.json");
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new LabError("input-missing", `${path} cannot be read`, { hint: USAGE, cause });
  });
  const document = parse(text, path);
  if (document.contract !== CONTRACT) {
    throw new LabError(
      "step-invalid",
      `${path} is of contract ${shown(document.contract)}; this trainer speaks ${CONTRACT}`,
    );
  }
  const inputs = Object.fromEntries(Object.entries(document.inputs ?? {}).map(([name, ref]) => [name, { ref }]));
  return stepDocument(document.verb, document.params, inputs, document.seed);
}

/** Deeper than any step. */
const MOST_LEVELS = 20;

interface Unchecked {
  readonly verb: Verb;
  readonly contract: unknown;
  readonly params: unknown;
  readonly inputs?: Readonly<Record<string, ArtifactRef>>;
  readonly seed: number;
}

function parse(text: string, path: string): Unchecked {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !isDeeperThan(value, MOST_LEVELS)) return value as Unchecked;
  } catch {
    // Said below.
  }
  throw new LabError("step-invalid", `${path} does not hold a step`, { hint: "docs/contract.md shows one" });
}

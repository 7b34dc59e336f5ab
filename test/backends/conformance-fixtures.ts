/** Steps in folders of their own, run on a backend without a store. */
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import type { Backend } from "../../kernel-lib/src/backends/index.js";
import type { LabError, StepEvent } from "../../kernel-lib/src/core/index.js";
import { type Checkpoint, writeCheckpoint } from "../../kernel-lib/src/engine/index.js";
import { CONTRACT, type ParamsInput, paramsSchemas, type Step, type Verb } from "../../kernel-lib/src/steps/index.js";
import { greedy } from "./fixtures.js";

export type Input = Checkpoint | readonly object[] | { readonly json: unknown } | { readonly hub: object };

export interface Prepared {
  readonly step: Step;
  readonly key: string;
  readonly directory: string;
}

const made: string[] = [];
afterAll(async () => {
  for (const folder of made) await rm(folder, { recursive: true, force: true });
});

/** A step's folder, as a runner would make it. */
export async function prepare<V extends Verb>(
  verb: V,
  params: ParamsInput<V>,
  inputs: Readonly<Record<string, Input>>,
  seed = 0,
): Promise<Prepared> {
  const directory = await mkdtemp(join(tmpdir(), "ilr-step-"));
  made.push(directory);
  const names = Object.keys(inputs).map((name): [string, string] => [name, `file:${"0".repeat(64)}`]);
  const step = {
    ...{ verb, contract: CONTRACT, seed },
    params: paramsSchemas[verb].parse(params),
    inputs: Object.fromEntries(names),
  } as unknown as Step;
  await mkdir(join(directory, "inputs"));
  await mkdir(join(directory, "outputs"));
  await writeFile(join(directory, "step.json"), JSON.stringify(step));
  for (const [name, input] of Object.entries(inputs)) await put(join(directory, "inputs", name), input);
  return { step, directory, key: randomBytes(32).toString("hex") };
}

async function put(path: string, input: Input): Promise<void> {
  if ("parameters" in input) await writeCheckpoint(path, input, { storage: "float32" });
  else if ("hub" in input) {
    await mkdir(path);
    await writeFile(join(path, "hub.json"), JSON.stringify(input.hub));
  } else if (Array.isArray(input)) await writeFile(path, input.map((row) => `${JSON.stringify(row)}\n`).join(""));
  else await writeFile(path, JSON.stringify((input as { readonly json: unknown }).json));
}

/** A `sample` step that the scripted trainer obeys. */
export async function orders(...prompts: readonly string[]): Promise<Prepared> {
  const rows = prompts.map((prompt, index) => ({ id: `q${index}`, prompt }));
  return prepare("sample", greedy, { model: { json: {} }, prompts: rows });
}

export interface Ran extends Prepared {
  readonly events: readonly StepEvent[];
  readonly error: LabError | undefined;
  readonly seconds: number;
}

/** Runs a step to its end, well or not. */
export async function run(
  backend: Backend,
  prepared: Prepared,
  options: { readonly signal?: AbortSignal; readonly onEvent?: (event: StepEvent) => void } = {},
): Promise<Ran> {
  const events: StepEvent[] = [];
  const started = performance.now();
  const emit = (event: StepEvent): void => {
    events.push(event);
    options.onEvent?.(event);
  };
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  const error = await backend.run({ ...prepared, ...signal, emit }).then(
    () => undefined,
    (failure: LabError) => failure,
  );
  return { ...prepared, events, error, seconds: (performance.now() - started) / 1000 };
}

export const notes = ({ events }: Ran): readonly string[] =>
  events.flatMap((event) => (event.type === "note" ? [event.text] : []));

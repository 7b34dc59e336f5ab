import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Store } from "../backends/index.js";
import { LabError, nearestName } from "../core/index.js";
import { type Project, type RunRecord, readRun, recordedRuns } from "../experiments/index.js";
import type { ArtifactRef } from "../steps/index.js";
import { taskNames } from "../tasks/index.js";
import { type ModelChoice, modelName, storedModel } from "./stored-model.js";

/** Where a model's files are: in a folder, or in the store. */
export interface FoundModel {
  /** What it is called: "ILR (oracle), round 3, seed 0", a base's name, a folder. */
  readonly name: string;
  readonly from: { readonly folder: string } | { readonly ref: ArtifactRef };
  /** The task whose prompts it knows, where that is known. */
  readonly task?: string | undefined;
  /** The run that it is of, and the key of the step that trained it. */
  readonly run?: RunRecord;
  readonly step?: string | null;
}

/**
 * A model by what people call it: a base ("micro-math-strong-0"), a folder with a checkpoint, or the name of a run and which of its models.
 * Runs are looked for in `results/`, and then in `out/`, where `ilr run` leaves its own.
 *
 * @throws LabError `name-unknown` for what is none of these; `config-invalid` for a run without an arm; as `storedModel`.
 * @example
 * await findModel("micro-math/main", { arm: "ILR (oracle)", round: 3 }, { project, store });
 */
export async function findModel(
  spec: string,
  choice: Partial<ModelChoice>,
  { project, store }: { readonly project: Project; readonly store: () => Promise<Store> },
): Promise<FoundModel> {
  const base = join(project.results, "bases", spec, "model");
  if (!spec.includes("/") && existsSync(base)) return { name: spec, from: { folder: base }, task: taskOfBase(spec) };
  if (["config.json", "adapter_config.json", "hub.json"].some((name) => existsSync(join(resolve(spec), name)))) {
    return { name: spec, from: { folder: resolve(spec) } };
  }
  const folders = [join(project.results, ...spec.split("/")), join(project.root, "out", ...spec.split("/"))];
  const runs = await Promise.all(
    folders.filter((folder) => existsSync(join(folder, "provenance.json"))).map((folder) => readRun(folder)),
  );
  if (runs.length === 0) throw await unknownModel(spec, project.results);
  return modelOfFirst(runs, await store(), choice);
}

/** The model of the first run whose models the store still has. */
async function modelOfFirst(
  runs: readonly RunRecord[],
  store: Store,
  choice: Partial<ModelChoice>,
): Promise<FoundModel> {
  let failure: unknown;
  for (const run of runs) {
    try {
      return await modelOfRun(run, store, choice);
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}

/**
 * A model of a run.
 *
 * @throws LabError `config-invalid` without an arm; as `storedModel`.
 */
export async function modelOfRun(
  run: RunRecord,
  store: Store,
  { arm, round, seed }: Partial<ModelChoice>,
): Promise<FoundModel> {
  if (arm === undefined) {
    const arms = [...new Set(run.points.map((point) => point.arm))];
    throw new LabError("config-invalid", `${run.provenance.experiment.name} has several models; expected an arm`, {
      hint: `such as { arm: ${JSON.stringify(arms.at(-1))} }; it has ${arms.join(", ")}`,
    });
  }
  const { ref, point } = await storedModel(run, store, { arm, round, seed });
  const { task } = run.provenance.experiment;
  return { name: modelName(point), from: { ref }, task, run, step: point.step };
}

/** Bases are named after their task: "micro-math-strong-0". */
function taskOfBase(name: string): string | undefined {
  return taskNames.find((task) => name.startsWith(`${task}-`));
}

async function unknownModel(spec: string, results: string): Promise<LabError> {
  const bases = await readdir(join(results, "bases")).catch(() => []);
  const known = [...(await recordedRuns(results)), ...bases];
  const near = nearestName(spec, known);
  return new LabError("name-unknown", `there is no model ${JSON.stringify(spec)}`, {
    hint: near
      ? `did you mean ${JSON.stringify(near)}?`
      : "give the name of a run (`ilr results`), of a base in results/bases, or a folder with config.json",
  });
}

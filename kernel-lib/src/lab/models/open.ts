import { findProject, type Project, type RunRecord } from "../../experiments/index.js";
import { withProvenance } from "../../notebook/index.js";
import {
  checkpointOf,
  type FoundModel,
  findModel,
  type ModelChoice,
  modelOfRun,
  originOf,
} from "../../results/index.js";
import { openStore, type Store } from "../../store/index.js";
import { taskByName } from "../../tasks/index.js";
import { provenanceOfRun } from "../provenance.js";
import type { Model } from "./model.js";

export interface ModelOptions extends Partial<ModelChoice> {
  /** The task whose prompts it is asked with. Default: that of the run or base; a folder's questions are prompts as they stand. */
  readonly task?: string;
  /** Bytes of memory that loading may take. Default: what is free. */
  readonly memory?: number;
  /** Where results and the store are. Default: the checkout around the current folder. */
  readonly project?: Project;
}

/**
 * Loads a model to talk to: of a run (by its name and arm; default the last round and the first seed), a base, or a folder with a
 * checkpoint.
 *
 * @throws LabError `name-unknown`; `config-invalid` for a run without an arm; `input-missing` when the store does not have the model, with the
 *   command that computes it; `unsupported` for one that is too large for the memory, with the estimate, or that is no whole Llama model.
 * @example
 * const ilr = await lab.model("micro-math/main", { arm: "ILR (oracle)", round: 3, seed: 0 });
 * await ilr.answer("Tom has 3 apples. He buys 4 more. How many apples?", { stream: true });
 */
export async function model(spec: string, options: ModelOptions = {}): Promise<Model> {
  const { project = findProject(), ...choice } = options;
  const store = (): Promise<Store> => openStore(project.store);
  return opened(await findModel(spec, choice, { project, store }), store, options, true);
}

/** A model of a run at hand: what `run.model` does. */
export async function modelOfThisRun(
  run: RunRecord,
  store: () => Promise<Store>,
  options: ModelChoice & Pick<ModelOptions, "memory">,
  isRecorded: boolean,
): Promise<Model> {
  return opened(await modelOfRun(run, await store(), options), store, options, isRecorded);
}

async function opened(
  found: FoundModel,
  store: () => Promise<Store>,
  { task = found.task, memory }: ModelOptions,
  isRecorded: boolean,
): Promise<Model> {
  const checkpoint = await checkpointOf(found, store, memory);
  // The engine and its compute library come with the first model.
  const { modelOf } = await import("./model.js");
  const loaded = await modelOf(checkpoint, originOf(found), task === undefined ? undefined : taskByName(task));
  return found.run ? withProvenance(loaded, provenanceOfRun(found.run, isRecorded)) : loaded;
}

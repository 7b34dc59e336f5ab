import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { importTree, type Store } from "../backends/index.js";
import { type Json, LabError } from "../core/index.js";
import { hubJson, isCommit, type ModelReference } from "../hub/index.js";
import type { Artifact, Runner } from "../steps/index.js";
import { temporaryFolder } from "../store/index.js";
import type { Task } from "../tasks/index.js";
import type { BaseModel, HubBase, PretrainedBase } from "./config.js";

/** What is recorded beside a base model: where its bytes come from. */
export interface BaseProvenance {
  readonly name: string;
  readonly pair: number;
  /** Digest of the model folder; a folder that does not match is refused. */
  readonly ref: string;
  /** Key of the pretraining step. */
  readonly step: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly machine: string;
  readonly seconds: number;
  readonly finalLoss: number;
}

/** Folder of a recorded base model: `<results>/bases/<name>-<pair>`. */
export function baseFolder(results: string, base: BaseModel, pair: number): string {
  return join(results, "bases", `${base.name}-${pair}`);
}

/** The same model at a commit: what `resolveModel` of the hub does. */
export type ResolveModel = (model: ModelReference) => Promise<ModelReference>;

export interface BaseOptions {
  readonly store: Store;
  /** The folder with recorded results. */
  readonly results: string;
  /** Train again instead of using the recorded model. */
  readonly fromScratch: boolean;
  /** Recorded models that were looked at already, by folder: whoever asks for the same ones again and again looks once. */
  readonly seen?: Map<string, Promise<Artifact>> | undefined;
  /** Who asks the Hub which commit a branch is. Plans have nobody: such a base is then an artifact yet to be made. */
  readonly resolveModel?: ResolveModel;
}

/**
 * A base model: of the Hub, recorded (verified by digest), or pretrained. The recorded ones are to the micro experiments what the Hub's
 * are to the paper's: trained once, so that everybody starts from the same bytes.
 *
 * @throws LabError `input-damaged` for a recorded model (or its provenance) that was changed; `unsupported` for a task that has no corpus; what `resolveModel` throws.
 */
export async function baseModel(
  runner: Runner,
  task: Task,
  base: BaseModel,
  pair: number,
  options: BaseOptions,
): Promise<Artifact> {
  if ("hub" in base) return hubModel(base, options);
  const folder = baseFolder(options.results, base, pair);
  if (options.fromScratch || !existsSync(folder)) return (await pretrainBase(runner, task, base, pair)).model!;
  const model = options.seen?.get(folder) ?? recordedModel(folder, options.store);
  options.seen?.set(folder, model);
  return model;
}

async function recordedModel(folder: string, store: Store): Promise<Artifact> {
  const recorded = await recordedRef(folder);
  const model = await importTree(store, join(folder, "model"));
  if (model.ref !== recorded) {
    throw new LabError(
      "input-damaged",
      `the recorded base model in ${folder} has digest ${model.ref}, expected ${recorded}`,
      {
        hint: "restore results/bases from the repository, or train it again with FROM_SCRATCH=1",
      },
    );
  }
  return model;
}

/** The digest that a base model was recorded with. */
async function recordedRef(folder: string): Promise<string> {
  const path = join(folder, "provenance.json");
  const hint = "restore results/bases from the repository, or train it again with FROM_SCRATCH=1";
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new LabError("input-missing", `${path} cannot be read`, { hint, cause });
  });
  try {
    const { ref } = JSON.parse(text) as Partial<BaseProvenance>;
    if (typeof ref === "string") return ref;
    throw new Error("it names no digest");
  } catch (cause) {
    throw new LabError("input-damaged", `${path} is not a base model's provenance`, { hint, cause });
  }
}

/**
 * A model of the Hub as an artifact: a folder with the single file `hub.json` (docs/contract.md), which trainers resolve. Its digest is
 * that of repository and commit, so that a branch that moves makes new keys and never changes old ones.
 */
async function hubModel({ hub, parameters }: HubBase, { store, resolveModel }: BaseOptions): Promise<Artifact> {
  const pinned = isCommit(hub.revision) ? hub : await resolveModel?.(hub);
  if (!pinned) return { ref: undefined, parameters };
  const { path: folder, remove } = await temporaryFolder("hub");
  try {
    await writeFile(join(folder, "hub.json"), hubJson(pinned));
    return { ...(await importTree(store, folder)), parameters };
  } finally {
    await remove();
  }
}

/**
 * Generates the pretraining corpus and trains a base model on it.
 * @throws LabError `unsupported` for a model of the Hub, or a task without a corpus.
 */
export async function pretrainBase(
  runner: Runner,
  task: Task,
  base: BaseModel,
  pair: number,
): Promise<Readonly<Record<string, Artifact>>> {
  if ("hub" in base) {
    throw new LabError(
      "unsupported",
      `${base.name} is a model of the Hub (${base.hub.repo}): there is nothing to pretrain`,
      {
        hint: "the kit pretrains the base models of micro-math experiments only",
      },
    );
  }
  if (!task.pretraining) throw new LabError("unsupported", `task ${task.name} has no pretraining corpus`);
  const { documents, vocabulary } = await pretrainingData(runner, task, task.pretraining, base, pair);
  const vocabSize = task.pretraining.vocabSize;
  const params = { ...base.pretrain, architecture: { ...base.pretrain.architecture, vocabSize } };
  return runner.step(
    "pretrain",
    params,
    { corpus: documents, tokenizer: vocabulary },
    { seed: pair, label: `pretraining ${base.name} (${pair})` },
  );
}

interface PretrainingRows {
  readonly documents: { readonly text: string };
  readonly vocabulary: Json;
}

function pretrainingData(
  runner: Runner,
  task: Task,
  { corpus, tokenizer }: NonNullable<Task["pretraining"]>,
  { name, corpusTokens }: PretrainedBase,
  pair: number,
): Promise<{ readonly [K in keyof PretrainingRows]: Artifact<PretrainingRows[K]> }> {
  return runner.derive<unknown, PretrainingRows>(
    "pretraining/corpus",
    { task: task.name, tokens: corpusTokens, seed: pair },
    {},
    { label: `${name}: corpus`, expectRows: { documents: corpusTokens / 40, vocabulary: 1 } },
    () => ({
      documents: [...corpus({ seed: pair, tokens: corpusTokens })],
      // One row, so that the file is a tokenizer.json as it stands.
      vocabulary: [tokenizer()],
    }),
  );
}

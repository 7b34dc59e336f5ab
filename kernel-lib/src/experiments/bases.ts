import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { importTree, type Store } from "../backends/index.js";
import { type Json, LabError } from "../core/index.js";
import type { Artifact, Runner } from "../steps/index.js";
import type { Task } from "../tasks/index.js";
import type { BaseModel } from "./config.js";

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

export interface BaseOptions {
  readonly store: Store;
  /** The folder with recorded results. */
  readonly results: string;
  /** Train again instead of using the recorded model. */
  readonly fromScratch: boolean;
}

/**
 * A base model: recorded (verified by digest), or pretrained. The base models are to the micro experiments what the Hub's
 * are to the paper's: trained once, so that everybody starts from the same bytes.
 */
export async function baseModel(
  runner: Runner,
  task: Task,
  base: BaseModel,
  pair: number,
  options: BaseOptions,
): Promise<Artifact> {
  const folder = baseFolder(options.results, base, pair);
  if (options.fromScratch || !existsSync(folder)) return (await pretrainBase(runner, task, base, pair)).model!;
  const provenance = JSON.parse(await readFile(join(folder, "provenance.json"), "utf8")) as BaseProvenance;
  const model = await importTree(options.store, join(folder, "model"));
  if (model.ref !== provenance.ref) {
    throw new LabError(
      "input-damaged",
      `the recorded base model in ${folder} has digest ${model.ref}, expected ${provenance.ref}`,
      {
        hint: "restore results/bases from the repository, or train it again with FROM_SCRATCH=1",
      },
    );
  }
  return model;
}

/** Generates the pretraining corpus and trains a base model on it. */
export async function pretrainBase(
  runner: Runner,
  task: Task,
  base: BaseModel,
  pair: number,
): Promise<Readonly<Record<string, Artifact>>> {
  if (!task.pretraining) throw new LabError("unsupported", `task ${task.name} has no pretraining corpus`);
  const { corpus, tokenizer } = task.pretraining;
  const { documents, vocabulary } = await runner.derive<
    unknown,
    { documents: { readonly text: string }; vocabulary: Json }
  >(
    "pretraining/corpus",
    { task: task.name, tokens: base.corpusTokens, seed: pair },
    {},
    { label: `${base.name}: corpus`, expectRows: { documents: base.corpusTokens / 40, vocabulary: 1 } },
    () => ({
      documents: [...corpus({ seed: pair, tokens: base.corpusTokens })],
      // One row, so that the file is a tokenizer.json as it stands.
      vocabulary: [tokenizer()],
    }),
  );
  const vocabSize = task.pretraining.vocabSize;
  const params = { ...base.pretrain, architecture: { ...base.pretrain.architecture, vocabSize } };
  return runner.step(
    "pretrain",
    params,
    { corpus: documents, tokenizer: vocabulary },
    { seed: pair, label: `pretraining ${base.name} (${pair})` },
  );
}

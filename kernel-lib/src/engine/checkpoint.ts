import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { canonicalJson, type Json, LabError, seededRandom, shown } from "../core/index.js";
import type { Architecture } from "../steps/index.js";
import { configJson, parseConfig } from "./config.js";
import { type Head, type ParameterLayout, parameterLayout } from "./layout.js";
import { parseSafetensors, type Storage, serialiseSafetensors, type Tensor } from "./safetensors.js";
import { specialTokenIds } from "./tokenizer.js";

/** A model in memory: what a Hugging Face folder holds (`config.json`, `model.safetensors`, `tokenizer.json`). */
export interface Checkpoint {
  readonly architecture: Architecture;
  readonly head: Head;
  /** Flat parameters in the order of `parameterLayout(architecture, head)`. */
  readonly parameters: Float32Array;
  /** The content of `tokenizer.json`. */
  readonly tokenizer: Json;
}

const CONFIG = "config.json";
const WEIGHTS = "model.safetensors";
const TOKENIZER = "tokenizer.json";
const TOKENIZER_CONFIG = "tokenizer_config.json";

/** Standard deviation of a fresh classification head, as in transformers' `initializer_range`. */
const HEAD_DEVIATION = 0.02;

/**
 * Reads a Hugging Face folder of LlamaForCausalLM or LlamaForSequenceClassification (two labels).
 *
 * @throws LabError `input-missing` for an absent file, `input-damaged` for one that does not hold what it should (naming the
 * tensor or field), `unsupported` for a model that is not this engine's kind.
 */
export async function readCheckpoint(folder: string): Promise<Checkpoint> {
  const config = parseJson(await readPart(folder, CONFIG), join(folder, CONFIG));
  const tokenizer = parseJson(await readPart(folder, TOKENIZER), join(folder, TOKENIZER));
  const { architecture, head } = parseConfig(config, join(folder, CONFIG));
  const tensors = parseSafetensors(await readPart(folder, WEIGHTS));
  return { architecture, head, parameters: flatten(tensors, architecture, head), tokenizer };
}

/**
 * Writes the folder that `readCheckpoint` and transformers' `from_pretrained` read. Equal checkpoints give equal bytes.
 * @param options.storage bfloat16 halves the file and rounds the weights (to nearest, ties to even).
 * @throws LabError `store-full` or `store-unwritable` when the disk refuses.
 */
export async function writeCheckpoint(
  folder: string,
  checkpoint: Checkpoint,
  options: { readonly storage: Storage },
): Promise<void> {
  const { architecture, head, parameters, tokenizer } = checkpoint;
  const layout = parameterLayout(architecture, head);
  checkLength(parameters, layout);
  const tensors = layout.blocks.map(({ name, shape, offset, size }) => ({
    name,
    shape,
    data: parameters.subarray(offset, offset + size),
  }));
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, CONFIG), pretty(configJson(architecture, head, specialTokenIds(tokenizer))));
    await writeFile(join(folder, WEIGHTS), serialiseSafetensors(tensors, options.storage));
    await writeFile(join(folder, TOKENIZER), `${canonicalJson(tokenizer)}\n`);
    await writeFile(join(folder, TOKENIZER_CONFIG), pretty(tokenizerConfig(architecture.maxPositions)));
  } catch (cause) {
    throw writeError(folder, cause);
  }
}

/**
 * The same body with a fresh 2-way classification head instead of its language-model head: where an evaluator's training starts.
 * @param seed draws the head's weights, normal with standard deviation 0.02.
 */
export function withClassifierHead(checkpoint: Checkpoint, seed: number): Checkpoint {
  const { architecture, head, parameters } = checkpoint;
  const from = parameterLayout(architecture, head);
  const to = parameterLayout(architecture, "classifier");
  checkLength(parameters, from);
  const places = new Map(from.blocks.map((block) => [block.name, block]));
  const random = seededRandom("classifier head", seed);
  const converted = new Float32Array(to.total);
  for (const { name, offset, size } of to.blocks) {
    const place = name === "score.weight" ? undefined : places.get(name);
    if (place) converted.set(parameters.subarray(place.offset, place.offset + size), offset);
    else for (let i = 0; i < size; i++) converted[offset + i] = random.normal() * HEAD_DEVIATION;
  }
  return { ...checkpoint, head: "classifier", parameters: converted };
}

function flatten(tensors: ReadonlyMap<string, Tensor>, architecture: Architecture, head: Head): Float32Array {
  // A damaged config may claim a billion layers: a layer has nine tensors, so the file bounds the claim before the layout is made.
  if (architecture.layers > tensors.size) {
    throw damaged(`config.json says ${architecture.layers} layers; ${WEIGHTS} has ${tensors.size} tensors`);
  }
  const layout = parameterLayout(architecture, head);
  for (const { name, shape } of layout.blocks) {
    const tensor = tensors.get(name);
    if (!tensor) throw damaged(`${WEIGHTS} lacks tensor ${shown(name)}`);
    if (tensor.shape.join() !== shape.join()) {
      throw damaged(`tensor ${shown(name)} has shape ${shown(tensor.shape)}; expected [${shape.join(", ")}]`);
    }
  }
  const expected = new Set(layout.blocks.map(({ name }) => name));
  for (const name of tensors.keys()) {
    if (!expected.has(name)) throw damaged(`${WEIGHTS} has a tensor ${shown(name)} that this architecture does not`);
  }
  const parameters = new Float32Array(layout.total);
  for (const { name, offset } of layout.blocks) parameters.set(tensors.get(name)!.data, offset);
  return parameters;
}

function checkLength(parameters: Float32Array, layout: ParameterLayout): void {
  if (parameters.length === layout.total) return;
  throw new LabError("internal", `${parameters.length} parameters; the architecture has ${layout.total}`);
}

async function readPart(folder: string, name: string): Promise<Uint8Array> {
  try {
    return await readFile(join(folder, name));
  } catch (cause) {
    throw new LabError("input-missing", `cannot read ${join(folder, name)}`, {
      hint: `a checkpoint is a folder with ${CONFIG}, ${WEIGHTS} and ${TOKENIZER}`,
      cause,
    });
  }
}

function parseJson(bytes: Uint8Array, file: string): Json {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as Json;
  } catch (cause) {
    throw new LabError("input-damaged", `${file} is not JSON`, { hint: "make or fetch the checkpoint again", cause });
  }
}

/** The content of `tokenizer_config.json`. */
export function tokenizerConfig(maxPositions: number): Json {
  return {
    eos_token: "<eos>",
    model_max_length: maxPositions,
    pad_token: "<pad>",
    tokenizer_class: "PreTrainedTokenizerFast",
    unk_token: "<unk>",
  };
}

/** JSON as these folders have it. */
export function pretty(value: Json): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function damaged(message: string): LabError {
  return new LabError("input-damaged", message, {
    hint: "config.json and model.safetensors must come from the same model",
  });
}

/** The error of a folder that cannot be written. */
export function writeError(folder: string, cause: unknown): unknown {
  if (cause instanceof LabError) return cause;
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new LabError("store-full", `no space left to write ${folder}`, {
      hint: "free some space and run again",
      cause,
    });
  }
  return new LabError("store-unwritable", `cannot write ${folder}`, {
    hint: "check that the folder is writable",
    cause,
  });
}

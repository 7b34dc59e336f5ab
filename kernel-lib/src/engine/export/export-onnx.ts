import { existsSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { canonicalJson, type Json, LabError, sha256 } from "../../core/index.js";
import { type Checkpoint, pretty, tokenizerConfig, writeError } from "../checkpoint.js";
import { configJson } from "../config.js";
import { specialTokenIds } from "../tokenizer.js";
import { decoderGraph } from "./decoder-graph.js";

/** What was written. */
export interface ExportedModel {
  readonly folder: string;
  readonly files: readonly { readonly path: string; readonly size: number; readonly sha256: string }[];
}

/** A protobuf message cannot be longer. */
const LARGEST_GRAPH = 2 ** 31;

/**
 * Writes a language model as a folder in the layout of Optimum and Transformers.js: `onnx/model.onnx` with its key-value cache, configs, the
 * tokenizer, and `provenance.json`. The folder appears whole or not at all.
 *
 * @param provenance where the model comes from; written as it is, with the files' digests.
 * @throws LabError `config-invalid` when the folder exists; `unsupported` for a classifier, or a model of 2 GiB and more; `store-full`,
 *   `store-unwritable`.
 * @example
 * await exportOnnx(checkpoint, "exported", { model: "micro-math-strong-0" });
 */
export async function exportOnnx(checkpoint: Checkpoint, folder: string, provenance: Json): Promise<ExportedModel> {
  const target = resolve(folder);
  assertExportable(checkpoint, target);
  const contents = filesOf(checkpoint);
  const files = [...contents].map(([path, bytes]) => ({ path, size: bytes.length, sha256: sha256(bytes) }));
  const partial = `${target}.${process.pid}.partial`;
  try {
    for (const [path, bytes] of contents) {
      await mkdir(dirname(join(partial, path)), { recursive: true });
      await writeFile(join(partial, path), bytes);
    }
    await writeFile(join(partial, "provenance.json"), pretty({ from: provenance, files }));
    await rename(partial, target);
  } catch (cause) {
    await rm(partial, { recursive: true, force: true }).catch(() => {});
    throw writeError(target, cause);
  }
  return { folder: target, files };
}

function assertExportable({ head, parameters }: Checkpoint, target: string): void {
  if (existsSync(target)) {
    throw new LabError("config-invalid", `${target} exists already`, { hint: "name a new folder, or remove it" });
  }
  if (head !== "lm") {
    throw new LabError("unsupported", "this model is a classifier (an evaluator); only language models are exported", {
      hint: "export the model before its evaluator training",
    });
  }
  if (4 * parameters.length < 0.99 * LARGEST_GRAPH) return;
  const gib = ((4 * parameters.length) / 2 ** 30).toFixed(1);
  throw new LabError("unsupported", `the weights take ${gib} GiB in float32; one ONNX file holds less than 2`, {
    hint: "models of this size are exported by Optimum: optimum-cli export onnx",
  });
}

function filesOf(checkpoint: Checkpoint): ReadonlyMap<string, Uint8Array> {
  const { architecture, head, tokenizer } = checkpoint;
  const tokens = specialTokenIds(tokenizer);
  const config = configJson(architecture, head, tokens) as { readonly [key: string]: Json };
  const text = (content: string): Uint8Array => new TextEncoder().encode(content);
  return new Map([
    // Without it Transformers.js looks for quantised files in browsers.
    ["config.json", text(pretty({ ...config, "transformers.js_config": { dtype: "fp32" } }))],
    [
      "generation_config.json",
      text(pretty({ do_sample: false, eos_token_id: tokens.eosId, pad_token_id: tokens.padId })),
    ],
    ["tokenizer.json", text(`${canonicalJson(tokenizer)}\n`)],
    ["tokenizer_config.json", text(pretty(tokenizerConfig(architecture.maxPositions)))],
    ["onnx/model.onnx", decoderGraph(checkpoint)],
  ]);
}

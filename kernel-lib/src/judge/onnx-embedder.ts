/** Sentence embeddings by a local ONNX model: no server, no network, no cost. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Tokenizer } from "@huggingface/tokenizers";
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { LabError, sha256, shown, throwIfCancelled } from "../core/index.js";
import { type Embedder, type Embedding, normalised } from "./embedder.js";
import { assertTokenizer } from "./tokenizer-file.js";

export interface OnnxEmbedderOptions {
  /** Tokens of the longest text, special ones included; longer texts are cut. Default: what the model's files say. */
  readonly maxTokens?: number;
  /** Texts in one run of the model. Default: 16. */
  readonly batchSize?: number;
}

export interface OnnxEmbedder extends Embedder {
  /** Tokens of the longest text. */
  readonly maxTokens: number;
  [Symbol.asyncDispose](): Promise<void>;
}

const INPUTS = new Set(["input_ids", "attention_mask", "token_type_ids"]);

/**
 * An embedder from a folder with `model.onnx` and `tokenizer.json`, such as an export of a sentence-transformers model: the mean of the
 * last hidden states over the tokens of the text, scaled to length 1. `config.json`, `tokenizer_config.json` and
 * `sentence_bert_config.json` are read for the longest input, where they are there.
 *
 * @throws LabError `input-missing`, `input-damaged`, `unsupported`.
 * @example
 * await using embedder = await openOnnxEmbedder(".ilr/models/all-MiniLM-L6-v2");
 * const [x, y] = await embedder.embed(["a cat", "a kitten"]);
 */
export async function openOnnxEmbedder(folder: string, options: OnnxEmbedderOptions = {}): Promise<OnnxEmbedder> {
  const model = await readPart(folder, "model.onnx");
  const tokenizerFile = await readPart(folder, "tokenizer.json");
  const config = await readJson(folder, "tokenizer_config.json");
  await assertMeanPooling(folder);
  const maxTokens = options.maxTokens ?? (await longestInput(folder, config));
  const tokenizer = await openTokenizer(folder, tokenizerFile, config);
  const session = await openSession(folder, model);
  const { batchSize = 16 } = options;
  const encode = (text: string): readonly number[] => {
    try {
      return wholeIds(truncated(tokenizer, text, maxTokens));
    } catch (error) {
      throw notRunnable(folder, error);
    }
  };
  return {
    maxTokens,
    identity: { kind: "onnx-mean-pooling", model: sha256(model), tokenizer: sha256(tokenizerFile), maxTokens },
    embed: async (texts, { signal, progress } = {}) => {
      // Batches of texts of like length waste little on padding.
      const different = [...new Set(texts)].map((text) => ({ text, ids: encode(text) }));
      different.sort((x, y) => x.ids.length - y.ids.length);
      const found = new Map<string, Embedding>();
      for (let start = 0; start < different.length; start += batchSize) {
        throwIfCancelled(signal);
        const batch = different.slice(start, start + batchSize);
        const rows = batch.map(({ ids }) => ids);
        const vectors = await embedBatch(session, rows).catch((error: unknown) => {
          throw notRunnable(folder, error);
        });
        for (const [i, { text }] of batch.entries()) found.set(text, vectors[i]!);
        progress?.({ done: found.size, total: different.length });
      }
      return texts.map((text) => found.get(text)!);
    },
    [Symbol.asyncDispose]: () => session.release(),
  };
}

async function readPart(folder: string, name: string): Promise<Uint8Array> {
  return readFile(join(folder, name)).catch((error: unknown) => {
    throw new LabError("input-missing", `${folder} has no ${name}`, {
      hint: "expected an ONNX export of a sentence-transformers model: model.onnx and tokenizer.json in one folder",
      cause: error,
    });
  });
}

/** A file of settings; empty if it is not there. */
async function readJson(folder: string, name: string): Promise<Readonly<Record<string, unknown>>> {
  const text = await readFile(join(folder, name), "utf8").catch(() => "{}");
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value as Readonly<Record<string, unknown>>;
    throw new Error("expected an object");
  } catch (error) {
    throw new LabError("input-damaged", `${join(folder, name)} is not JSON`, { cause: error });
  }
}

/** sentence-transformers says beside the model how its states become one vector. */
async function assertMeanPooling(folder: string): Promise<void> {
  const pooling = await readJson(folder, join("1_Pooling", "config.json"));
  const modes = Object.keys(pooling).filter((name) => name.startsWith("pooling_mode_") && pooling[name] === true);
  const modules = Object.values(await readJson(folder, "modules.json")).map((module) =>
    String((module as { readonly type?: unknown } | null)?.type).replace(/^.*\./, ""),
  );
  const others = [
    ...modes.filter((mode) => mode !== "pooling_mode_mean_tokens"),
    ...modules.filter((module) => !["Transformer", "Pooling", "Normalize"].includes(module)),
  ];
  if (others.length === 0) return;
  throw new LabError("unsupported", `${folder}: this model makes its vectors by ${others.join(", ")}`, {
    hint: "expected the mean over tokens, as all-MiniLM-L6-v2 has it; or serve this model and use an embedding endpoint",
  });
}

/** The smallest of what the files say; tokenizers without a limit say 1e30. */
async function longestInput(folder: string, tokenizerConfig: Readonly<Record<string, unknown>>): Promise<number> {
  const sentence = await readJson(folder, "sentence_bert_config.json");
  const model = await readJson(folder, "config.json");
  // RoBERTa-like models begin to count positions at 2.
  const offset = model.model_type === "roberta" || model.model_type === "xlm-roberta" ? 2 : 0;
  const positions = model.max_position_embeddings;
  const limits = [
    sentence.max_seq_length,
    tokenizerConfig.model_max_length,
    typeof positions === "number" ? positions - offset : undefined,
  ].filter((limit): limit is number => typeof limit === "number" && limit > 0 && limit < 1e9);
  return limits.length === 0 ? 512 : Math.min(...limits);
}

async function openTokenizer(
  folder: string,
  file: Uint8Array,
  config: Readonly<Record<string, unknown>>,
): Promise<Tokenizer> {
  const { Tokenizer } = await import("@huggingface/tokenizers");
  const path = join(folder, "tokenizer.json");
  try {
    const tokenizer: unknown = JSON.parse(new TextDecoder().decode(file));
    assertTokenizer(path, tokenizer);
    return new Tokenizer(tokenizer as object, config);
  } catch (error) {
    if (error instanceof LabError) throw error;
    throw new LabError("input-damaged", `${path} cannot be read as a tokenizer`, { cause: error });
  }
}

async function openSession(folder: string, model: Uint8Array): Promise<InferenceSession> {
  const { InferenceSession } = await import("onnxruntime-node");
  const session = await InferenceSession.create(model, { logSeverityLevel: 3 }).catch((error: unknown) => {
    throw new LabError("input-damaged", `${join(folder, "model.onnx")} cannot be opened: ${String(error)}`, {
      cause: error,
    });
  });
  const unknown = session.inputNames.filter((name) => !INPUTS.has(name));
  if (unknown.length > 0 || !session.inputNames.includes("input_ids")) {
    throw new LabError("unsupported", `model.onnx takes ${session.inputNames.join(", ")}`, {
      hint: `expected input_ids and perhaps ${[...INPUTS].slice(1).join(", ")}, as sentence-transformers exports take`,
    });
  }
  return session;
}

/** A vocabulary may hold anything; a model takes whole numbers. */
function wholeIds(ids: readonly number[]): readonly number[] {
  const odd = ids.find((id) => !Number.isSafeInteger(id) || id < 0);
  if (odd === undefined) return ids;
  throw new Error(`the tokenizer gives ${shown(odd)} for a token`);
}

/** What the model or the tokenizer said when it was run: files that can be opened may be damaged all the same. */
function notRunnable(folder: string, cause: unknown): LabError {
  if (cause instanceof LabError) return cause;
  return new LabError("input-damaged", `${folder} cannot be run on a text: ${String(cause)}`, {
    hint: "fetch the model and its tokenizer again: they must be of the same model",
    cause,
  });
}

/** Token ids, cut as `tokenizers` cuts them: the content loses its end, the special tokens around it stay. */
function truncated(tokenizer: Tokenizer, text: string, maxTokens: number): readonly number[] {
  const { ids } = tokenizer.encode(text);
  if (ids.length <= maxTokens) return ids;
  const content = tokenizer.encode(text, { add_special_tokens: false }).ids;
  const before = firstDifference(ids, content);
  const after = ids.length - content.length - before;
  return [...ids.slice(0, maxTokens - after), ...ids.slice(ids.length - after)];
}

/** How many special tokens stand before the content. */
function firstDifference(ids: readonly number[], content: readonly number[]): number {
  const added = ids.length - content.length;
  for (let before = 0; before < added; before++) {
    if (content.every((id, i) => ids[before + i] === id)) return before;
  }
  return added;
}

async function embedBatch(
  session: InferenceSession,
  rows: readonly (readonly number[])[],
): Promise<readonly Embedding[]> {
  const { Tensor } = await import("onnxruntime-node");
  const length = Math.max(1, ...rows.map((row) => row.length));
  const table = (value: (row: readonly number[], i: number) => number): Tensor => {
    const data = new BigInt64Array(rows.length * length);
    for (const [r, row] of rows.entries())
      for (let i = 0; i < length; i++) data[r * length + i] = BigInt(value(row, i));
    return new Tensor("int64", data, [rows.length, length]);
  };
  const feeds: Record<string, () => Tensor> = {
    // What stands in the padding does not matter: the mask hides it.
    input_ids: () => table((row, i) => row[i] ?? 0),
    attention_mask: () => table((row, i) => Number(i < row.length)),
    token_type_ids: () => table(() => 0),
  };
  const outputs = await session.run(Object.fromEntries(session.inputNames.map((name) => [name, feeds[name]!()])));
  const states = hiddenStates(outputs);
  return rows.map((row, r) => meanState(states, r, length, row.length));
}

/** The last hidden states, [texts, tokens, width]. */
function hiddenStates(outputs: InferenceSession.ReturnType): Tensor {
  const named = outputs.last_hidden_state ?? outputs.token_embeddings;
  const found = named ?? Object.values(outputs).find(({ dims }) => dims.length === 3);
  if (found?.dims.length === 3 && found.type === "float32") return found as Tensor;
  throw new LabError("unsupported", `model.onnx gives ${Object.keys(outputs).join(", ")}`, {
    hint: "expected float32 last_hidden_state of shape [batch, tokens, width]",
  });
}

/** The mean over the tokens of one text; the padding behind them does not count. */
function meanState({ data, dims }: Tensor, row: number, length: number, tokens: number): Embedding {
  const width = dims[2]!;
  const sum = new Float64Array(width);
  const states = data as Float32Array;
  for (let token = 0; token < tokens; token++) {
    const start = (row * length + token) * width;
    for (let i = 0; i < width; i++) sum[i]! += states[start + i]!;
  }
  // A text without tokens has no direction; it is like nothing.
  return normalised(sum) ?? new Float32Array(width);
}

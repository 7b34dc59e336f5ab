import { execFileSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Graph } from "../../kernel-lib/src/engine/onnx/graph.js";
import { openOnnxEmbedder, similarity } from "../../kernel-lib/src/judge/index.js";
import { temporaryFolder } from "./judge-server.js";

const WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "cat", "sat", "on", "a", "mat", "##s", "dog", "ran"];
const WIDTH = 5;

/** Row of a token: nothing special, padding included, so that a mistake with the mask shows. */
const rowOf = (id: number): number[] => Array.from({ length: WIDTH }, (_, i) => Math.sin(1 + 7 * id + 3 * i));
/** What the model adds for a place in the text. */
const placeOf = (position: number): number[] => Array.from({ length: WIDTH }, (_, i) => Math.cos(position + i) / 4);

/** last_hidden_state = table[input_ids] + places[0 .. tokens). */
function tinyModel(
  inputs: readonly string[] = ["input_ids", "attention_mask"],
  output = "last_hidden_state",
): Uint8Array {
  const graph = new Graph("tiny-encoder");
  const ids = graph.input("input_ids", "int64", ["batch", "tokens"]);
  for (const name of inputs) if (name !== "input_ids") graph.input(name, "int64", ["batch", "tokens"]);
  const table = graph.constant(Float32Array.from(WORDS.flatMap((_, id) => rowOf(id))), [WORDS.length, WIDTH]);
  const places = graph.constant(Float32Array.from(Array.from({ length: 64 }, (_, i) => placeOf(i)).flat()), [
    64,
    WIDTH,
  ]);
  const words = graph.node("Gather", [table, ids], { type: "float32", shape: ["batch", "tokens", WIDTH] });
  const shape = graph.node("Shape", [ids], { type: "int64", shape: [2] });
  const tokens = graph.node("Slice", [shape, graph.ints(1), graph.ints(2)], { type: "int64", shape: [1] });
  const here = graph.node("Slice", [places, graph.ints(0), tokens, graph.ints(0)], {
    type: "float32",
    shape: ["tokens", WIDTH],
  });
  graph.output(graph.node("Add", [words, here], { type: "float32", shape: ["batch", "tokens", WIDTH] }), output);
  return graph.toModel();
}

const special = (id: number) => ({
  id,
  content: WORDS[id],
  special: true,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: false,
});

/** A BERT tokenizer as `tokenizers` writes it. */
const TOKENIZER = {
  version: "1.0",
  truncation: null,
  padding: null,
  added_tokens: [0, 1, 2, 3].map(special),
  normalizer: {
    type: "BertNormalizer",
    clean_text: true,
    handle_chinese_chars: true,
    strip_accents: null,
    lowercase: true,
  },
  pre_tokenizer: { type: "BertPreTokenizer" },
  post_processor: {
    type: "TemplateProcessing",
    single: [
      { SpecialToken: { id: "[CLS]", type_id: 0 } },
      { Sequence: { id: "A", type_id: 0 } },
      { SpecialToken: { id: "[SEP]", type_id: 0 } },
    ],
    pair: [{ Sequence: { id: "A", type_id: 0 } }, { Sequence: { id: "B", type_id: 1 } }],
    special_tokens: {
      "[CLS]": { id: "[CLS]", ids: [2], tokens: ["[CLS]"] },
      "[SEP]": { id: "[SEP]", ids: [3], tokens: ["[SEP]"] },
    },
  },
  decoder: { type: "WordPiece", prefix: "##", cleanup: true },
  model: {
    type: "WordPiece",
    unk_token: "[UNK]",
    continuing_subword_prefix: "##",
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries(WORDS.map((word, id) => [word, id])),
  },
};

async function modelFolder(files: Readonly<Record<string, Uint8Array | object>> = {}): Promise<string> {
  const folder = join(await temporaryFolder(), "model");
  await mkdir(folder);
  const all = { "model.onnx": tinyModel(), "tokenizer.json": TOKENIZER, ...files };
  for (const [name, content] of Object.entries(all)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content instanceof Uint8Array ? content : JSON.stringify(content));
  }
  return folder;
}

/** Ids of a text of whole words, by a table. */
const idsOf = (text: string): readonly number[] => [
  2,
  ...text
    .toLowerCase()
    .split(" ")
    .filter((word) => word !== "")
    .flatMap((word) => {
      const id = WORDS.indexOf(word);
      if (id >= 0) return [id];
      return word.endsWith("s") && WORDS.includes(word.slice(0, -1)) ? [WORDS.indexOf(word.slice(0, -1)), 10] : [1];
    }),
  3,
];

/** The mean over the tokens, scaled to length 1, computed by itself in double precision. */
function expected(ids: readonly number[]): readonly number[] {
  const sum = Array.from({ length: WIDTH }, (_, i) =>
    ids.reduce((total, id, at) => total + rowOf(id)[i]! + placeOf(at)[i]!, 0),
  );
  return sum.map((value) => value / Math.hypot(...sum));
}

function expectClose(vector: ArrayLike<number>, wanted: readonly number[]): void {
  expect(vector).toHaveLength(wanted.length);
  for (const [i, value] of wanted.entries()) expect(vector[i]).toBeCloseTo(value, 5);
}

const word = fc.constantFrom("the", "cat", "cats", "sat", "on", "A", "mat", "zebra", "Dogs", "ran");
const sentence = fc.array(word, { maxLength: 12 }).map((words) => words.join(" "));

describe("an embedder from an ONNX folder", () => {
  it("is the mean of the hidden states over the text's own tokens, of length 1", async () => {
    await using embedder = await openOnnxEmbedder(await modelFolder(), { batchSize: 3 });
    await fc.assert(
      fc.asyncProperty(fc.array(sentence, { maxLength: 8 }), async (texts) => {
        const vectors = await embedder.embed(texts);
        for (const [i, text] of texts.entries()) expectClose(vectors[i]!, expected(idsOf(text)));
      }),
      { numRuns: 30 },
    );
  });

  it("gives a text the same vector in any company: padding does not count", async () => {
    await using embedder = await openOnnxEmbedder(await modelFolder());
    const [alone] = await embedder.embed(["cat"]);
    const [, among] = await embedder.embed(["the cat sat on a mat the cat sat", "cat", "dog"]);
    expectClose(among!, [...alone!]);
    expect(similarity(alone!, among!)).toBeCloseTo(1, 6);
  });

  it("cuts long texts as tokenizers do: the end of the content goes, the special tokens stay", async () => {
    const folder = await modelFolder({
      "tokenizer_config.json": { model_max_length: 6 },
      "config.json": { max_position_embeddings: 64 },
    });
    await using embedder = await openOnnxEmbedder(folder);
    expect(embedder.maxTokens).toBe(6);
    const [long] = await embedder.embed(["the cat sat on a mat"]);
    expectClose(long!, expected([2, ...idsOf("the cat sat on").slice(1, -1), 3]));
    const [exact] = await embedder.embed(["the cat sat on"]);
    expectClose(exact!, [...long!]);
  });

  it("takes the longest input from the model's files, the smallest of them", async () => {
    const limits = async (files: Readonly<Record<string, object>>): Promise<number> => {
      await using embedder = await openOnnxEmbedder(await modelFolder(files));
      return embedder.maxTokens;
    };
    expect(await limits({})).toBe(512);
    expect(
      await limits({
        "tokenizer_config.json": { model_max_length: 1e30 },
        "config.json": { max_position_embeddings: 128 },
      }),
    ).toBe(128);
    expect(await limits({ "config.json": { max_position_embeddings: 514, model_type: "roberta" } })).toBe(512);
    expect(
      await limits({
        "sentence_bert_config.json": { max_seq_length: 32 },
        "config.json": { max_position_embeddings: 64 },
      }),
    ).toBe(32);
  });

  it("feeds what the model takes, and finds the hidden states by name or by shape", async () => {
    const all = ["input_ids", "attention_mask", "token_type_ids"];
    for (const model of [
      tinyModel(["input_ids"]),
      tinyModel(all),
      tinyModel(all, "token_embeddings"),
      tinyModel(all, "y"),
    ]) {
      await using embedder = await openOnnxEmbedder(await modelFolder({ "model.onnx": model }));
      const [vector] = await embedder.embed(["the cats"]);
      expectClose(vector!, expected(idsOf("the cats")));
    }
  });

  it("is known by its model, its tokenizer and its longest input, not by its place", async () => {
    const identity = async (files?: Parameters<typeof modelFolder>[0], options = {}): Promise<unknown> => {
      await using embedder = await openOnnxEmbedder(await modelFolder(files), options);
      return embedder.identity;
    };
    const plain = await identity();
    expect(await identity()).toEqual(plain);
    expect(await identity({}, { batchSize: 2 })).toEqual(plain);
    expect(await identity({}, { maxTokens: 7 })).not.toEqual(plain);
    expect(await identity({ "model.onnx": tinyModel(["input_ids"]) })).not.toEqual(plain);
    expect(await identity({ "tokenizer.json": { ...TOKENIZER, version: "1.1" } })).not.toEqual(plain);
  });

  it("says what is missing, damaged or not understood", async () => {
    const pooled = new Graph("pooled");
    pooled.output(
      pooled.node(
        "Cast",
        [pooled.input("input_ids", "int64", ["b", "t"])],
        { type: "float32", shape: ["b", "t"] },
        { attributes: { to: 1 } },
      ),
      "sentence_embedding",
    );
    await expect(openOnnxEmbedder(join(await temporaryFolder(), "none"))).rejects.toMatchObject({
      code: "input-missing",
      message: expect.stringContaining("model.onnx"),
    });
    for (const [files, code] of [
      [{ "model.onnx": Buffer.from("not ONNX") }, "input-damaged"],
      [{ "tokenizer.json": Buffer.from("{") }, "input-damaged"],
      [{ "tokenizer.json": { model: { type: "Telepathy" } } }, "input-damaged"],
      [{ "config.json": Buffer.from("{") }, "input-damaged"],
      [{ "model.onnx": tinyModel(["input_ids", "pixel_values"]) }, "unsupported"],
    ] as const) {
      await expect(openOnnxEmbedder(await modelFolder(files))).rejects.toMatchObject({ code });
    }
    await using embedder = await openOnnxEmbedder(await modelFolder({ "model.onnx": pooled.toModel() }));
    await expect(embedder.embed(["cat"])).rejects.toMatchObject({
      code: "unsupported",
      hint: expect.stringContaining("last_hidden_state"),
    });
  });

  it("refuses models that make their vectors in another way than by the mean", async () => {
    const types = (...names: readonly string[]) =>
      names.map((name, idx) => ({ idx, type: `sentence_transformers.models.${name}` }));
    const mean = { word_embedding_dimension: 5, pooling_mode_cls_token: false, pooling_mode_mean_tokens: true };
    const usual = { "1_Pooling/config.json": mean, "modules.json": types("Transformer", "Pooling", "Normalize") };
    await using embedder = await openOnnxEmbedder(await modelFolder(usual));
    expect(await embedder.embed(["cat"])).toHaveLength(1);
    for (const [files, named] of [
      [{ "1_Pooling/config.json": { pooling_mode_cls_token: true } }, "pooling_mode_cls_token"],
      [{ ...usual, "modules.json": types("Transformer", "Pooling", "Dense") }, "Dense"],
    ] as const) {
      await expect(openOnnxEmbedder(await modelFolder(files))).rejects.toMatchObject({
        code: "unsupported",
        message: expect.stringContaining(named),
      });
    }
  });

  it("stops when it is cancelled, and says how far it is", async () => {
    await using embedder = await openOnnxEmbedder(await modelFolder(), { batchSize: 1 });
    await expect(embedder.embed(["cat"], { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "cancelled" });
    const steps: unknown[] = [];
    await embedder.embed(["cat", "dog", "cat"], { progress: (step) => steps.push(step) });
    expect(steps).toEqual([
      { done: 1, total: 2 },
      { done: 2, total: 2 },
    ]);
  });
});

const python = process.env.ILR_PYTHON ?? "python3";
const hasPython = (() => {
  try {
    execFileSync(python, ["-c", "import onnxruntime, tokenizers, numpy"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

// With onnxruntime and tokenizers of Python, padded and cut by them: what sentence-transformers does.
describe.skipIf(!hasPython)("beside Python's onnxruntime and tokenizers", () => {
  it("gives the same vectors", async () => {
    const folder = await modelFolder();
    const texts = ["The cats sat on a mat.", "dog", "", "the cat ran on a mat on a mat on a mat", "Zebra! cat, DOG"];
    const program = `
import json, sys, numpy as np, onnxruntime
from tokenizers import Tokenizer
folder, texts = sys.argv[1], json.loads(sys.argv[2])
tokenizer = Tokenizer.from_file(folder + "/tokenizer.json")
tokenizer.enable_truncation(8)
tokenizer.enable_padding()
batch = tokenizer.encode_batch(texts)
ids = np.array([e.ids for e in batch], dtype=np.int64)
mask = np.array([e.attention_mask for e in batch], dtype=np.int64)
states = onnxruntime.InferenceSession(folder + "/model.onnx").run(None, {"input_ids": ids, "attention_mask": mask})[0]
pooled = (states * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)
print(json.dumps((pooled / np.linalg.norm(pooled, axis=1, keepdims=True)).tolist()))`;
    const output = execFileSync(python, ["-c", program, folder, JSON.stringify(texts)], { encoding: "utf8" });
    await using embedder = await openOnnxEmbedder(folder, { maxTokens: 8 });
    const vectors = await embedder.embed(texts);
    for (const [i, wanted] of (JSON.parse(output) as number[][]).entries()) expectClose(vectors[i]!, wanted);
  });
});

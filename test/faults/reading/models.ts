/** What trainers and the Hub leave: weights, tokenizers, configs of models, ONNX graphs, step folders. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { assertOutputs, parametersFact } from "../../../kernel-lib/src/backends/outputs.js";
import { trainerMain } from "../../../kernel-lib/src/backends/trainer/main.js";
import { LabError } from "../../../kernel-lib/src/core/index.js";
import { loadModel, readCheckpoint, writeCheckpoint } from "../../../kernel-lib/src/engine/index.js";
import { Graph } from "../../../kernel-lib/src/engine/onnx/graph.js";
import { parseSafetensors } from "../../../kernel-lib/src/engine/safetensors.js";
import { loadTokenizer } from "../../../kernel-lib/src/engine/tokenizer.js";
import { openOnnxEmbedder } from "../../../kernel-lib/src/judge/index.js";
import { CONTRACT, paramsSchemas, type Step } from "../../../kernel-lib/src/steps/index.js";
import { TINY_WORDS, tinyModel, wordLevelTokenizer } from "../../engine/tiny-models.js";
import { damagedBytes, damagedJson, damagedLines, damagedText, type Files } from "./damage.js";
import type { Surface } from "./surface.js";

/** A whole small model, written by the kit itself. */
async function validModel(): Promise<Readonly<Record<string, Uint8Array>>> {
  const folder = mkdtempSync(join(tmpdir(), "ilr-valid-"));
  try {
    await writeCheckpoint(folder, tinyModel(0), { storage: "float32" });
    const names = ["config.json", "model.safetensors", "tokenizer.json"];
    return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name))]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
const valid = await validModel();
const jsonOf = (name: string): unknown => JSON.parse(Buffer.from(valid[name]!).toString());

/** Weights whose header was damaged as JSON, its length given anew; or that were damaged as bytes. */
const weights = valid["model.safetensors"]!;
const headerLength = Number(Buffer.from(weights).readBigUInt64LE());
const header: unknown = JSON.parse(Buffer.from(weights.subarray(8, 8 + headerLength)).toString());
const damagedWeights: fc.Arbitrary<Uint8Array> = fc.oneof(
  damagedJson(header).map((text) => withHeader(Buffer.from(text), weights.subarray(8 + headerLength))),
  damagedBytes(weights),
);
function withHeader(text: Uint8Array, data: Uint8Array): Uint8Array {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, data]);
}

/** A model folder of which one file is damaged. */
const damagedModel: fc.Arbitrary<Files> = fc
  .oneof(
    damagedWeights.map((bytes) => ({ "model.safetensors": bytes })),
    damagedText(jsonOf("config.json")).map((text) => ({ "config.json": text })),
    damagedText(jsonOf("tokenizer.json")).map((text) => ({ "tokenizer.json": text })),
  )
  .map((damaged) => ({ ...valid, ...damaged }));

const step: Step = {
  verb: "sample",
  contract: CONTRACT,
  params: paramsSchemas.sample.parse({ decoding: { kind: "greedy" }, maxAnswerTokens: 4 }),
  inputs: { model: `tree:${"0".repeat(64)}`, prompts: `file:${"0".repeat(64)}` },
  seed: 0,
} as Step;
const prompts = [
  { id: "q0", prompt: "the apples" },
  { id: "q1", prompt: "1 + 2 =" },
];
const stepFolder = (step: string | Uint8Array, model: Files, rows: string | Uint8Array): Files => ({
  "step.json": step,
  "inputs/prompts": rows,
  ...Object.fromEntries(Object.entries(model).map(([name, bytes]) => [`inputs/model/${name}`, bytes])),
});
const asLines = prompts.map((row) => JSON.stringify(row)).join("\n");
const damagedStep: fc.Arbitrary<Files> = fc.oneof(
  { weight: 3, arbitrary: damagedText(step).map((text) => stepFolder(text, valid, asLines)) },
  { weight: 1, arbitrary: damagedModel.map((model) => stepFolder(JSON.stringify(step), model, asLines)) },
  { weight: 1, arbitrary: damagedLines(prompts).map((rows) => stepFolder(JSON.stringify(step), valid, rows)) },
);

/** The trainer itself: what it says is an event with a code of ours, and it ends. */
async function runTrainer(folder: string): Promise<unknown> {
  const said: string[] = [];
  const complaints: unknown[] = [];
  const [write, error] = [process.stdout.write, console.error];
  process.stdout.write = ((text: string) => said.push(String(text)) > 0) as typeof process.stdout.write;
  console.error = (...parts: unknown[]) => void complaints.push(...parts);
  let code: number;
  try {
    code = await trainerMain(["run", folder]);
  } finally {
    process.stdout.write = write;
    console.error = error;
  }
  if (code === 0) return assertOutputs(step, folder);
  const last = JSON.parse(said.at(-1) ?? "{}") as {
    type?: string;
    code?: LabError["code"];
    message?: string;
    hint?: string;
  };
  if (last.type !== "error" || complaints.length > 0)
    throw complaints[0] ?? new Error(`ended with ${code}, and said nothing`);
  throw new LabError(last.code!, last.message!, last.hint === undefined ? {} : { hint: last.hint });
}

/** hidden states = table[input_ids]. */
function encoder(): Uint8Array {
  const graph = new Graph("tiny-encoder");
  const ids = graph.input("input_ids", "int64", ["batch", "tokens"]);
  graph.input("attention_mask", "int64", ["batch", "tokens"]);
  const table = graph.constant(
    Float32Array.from({ length: 40 }, (_, i) => Math.sin(i)),
    [8, 5],
  );
  const states = graph.node("Gather", [table, ids], { type: "float32", shape: ["batch", "tokens", 5] });
  graph.output(states, "last_hidden_state");
  return graph.toModel();
}
const special = (content: string, id: number): object => ({
  ...{ id, content, special: true, single_word: false, lstrip: false, rstrip: false, normalized: false },
});
const bert = {
  ...{ version: "1.0", truncation: null, padding: null, normalizer: { type: "BertNormalizer", lowercase: true } },
  added_tokens: ["[PAD]", "[UNK]", "[CLS]", "[SEP]"].map(special),
  pre_tokenizer: { type: "BertPreTokenizer" },
  post_processor: {
    type: "TemplateProcessing",
    single: [{ SpecialToken: { id: "[CLS]", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
    pair: [{ Sequence: { id: "A", type_id: 0 } }, { Sequence: { id: "B", type_id: 1 } }],
    special_tokens: { "[CLS]": { id: "[CLS]", ids: [2], tokens: ["[CLS]"] } },
  },
  decoder: { type: "WordPiece", prefix: "##", cleanup: true },
  model: {
    ...{ type: "WordPiece", unk_token: "[UNK]", continuing_subword_prefix: "##", max_input_chars_per_word: 100 },
    vocab: { "[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, a: 4, cat: 5, "##s": 6, mat: 7 },
  },
};
const settings = { model_max_length: 64, tokenizer_class: "BertTokenizer", do_lower_case: true };
const embedderFiles = {
  "model.onnx": encoder(),
  "tokenizer.json": JSON.stringify(bert),
  "tokenizer_config.json": JSON.stringify(settings),
};

export const models: readonly Surface[] = [
  {
    name: "safetensors files",
    mended: ["I2"],
    files: damagedWeights.map((bytes) => ({ "model.safetensors": bytes })),
    read: async (folder) => {
      // What is stored is counted by its header alone; both must be a number or an error.
      const { parameters } = await parametersFact(folder);
      if (!Number.isSafeInteger(parameters)) throw new Error(`counted ${parameters} parameters`);
      return parseSafetensors(await readFile(join(folder, "model.safetensors")));
    },
    tries: [80, 10_000],
  },
  {
    name: "tokenizer.json of the engine",
    mended: ["I1"],
    files: damagedText(wordLevelTokenizer(TINY_WORDS)).map((text) => ({ "tokenizer.json": text })),
    read: async (folder) => {
      const text = await readFile(join(folder, "tokenizer.json"), "utf8");
      let json: never;
      try {
        json = JSON.parse(text) as never;
      } catch {
        return undefined; // said by who reads the file; see the model folders
      }
      const tokenizer = loadTokenizer(json);
      return tokenizer.decode(tokenizer.encode("the apples 12 zebra <eos> __proto__ \ud800"));
    },
    tries: [60, 5000],
  },
  {
    name: "model folders",
    mended: ["I1"],
    files: damagedModel,
    read: async (folder) => [await readCheckpoint(folder), await loadModel(folder)],
    tries: [40, 3000],
  },
  {
    name: "step folders (step.json, inputs) in the trainer",
    mended: ["I3"],
    files: damagedStep,
    read: async (folder) => {
      await mkdir(join(folder, "inputs"), { recursive: true });
      return runTrainer(folder);
    },
    tries: [30, 1500],
  },
  {
    name: "ONNX files and tokenizers of embedders",
    mended: ["I4", "I16"],
    files: fc
      .oneof(
        { weight: 3, arbitrary: damagedBytes(embedderFiles["model.onnx"]).map((bytes) => ({ "model.onnx": bytes })) },
        { weight: 1, arbitrary: damagedText(bert).map((text) => ({ "tokenizer.json": text })) },
        { weight: 1, arbitrary: damagedText(settings).map((text) => ({ "tokenizer_config.json": text })) },
      )
      .map((damaged) => ({ ...embedderFiles, ...damaged })),
    read: async (folder) => {
      await using embedder = await openOnnxEmbedder(folder);
      // Awaited here: the embedder is closed at the end of this function.
      return await embedder.embed(["a cat", "mats", ""]);
    },
    tries: [40, 3000],
  },
];

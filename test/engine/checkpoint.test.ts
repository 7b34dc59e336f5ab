import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type Checkpoint,
  readCheckpoint,
  withClassifierHead,
  writeCheckpoint,
} from "../../kernel-lib/src/engine/checkpoint.js";
import { parameterLayout } from "../../kernel-lib/src/engine/layout.js";
import { parseSafetensors, serialiseSafetensors } from "../../kernel-lib/src/engine/safetensors.js";
import { referenceClasses, referenceLogits } from "./reference-llama.js";
import { tinyModel } from "./tiny-models.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ilr-checkpoint-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const model = tinyModel(1);
const tied = tinyModel(2, { tiedEmbeddings: true, ropeTheta: 500, rmsNormEps: 1e-6 });
const classifier = withClassifierHead(model, 0);

describe("writing and reading", () => {
  it.each([
    ["a language model", model],
    ["tied embeddings", tied],
    ["a classifier", classifier],
  ])("%s comes back equal", async (_, checkpoint) => {
    await writeCheckpoint(folder, checkpoint, { storage: "float32" });
    expect(await readCheckpoint(folder)).toEqual(checkpoint);
  });

  it("bfloat16 is half the size and rounds once", async () => {
    await writeCheckpoint(folder, model, { storage: "bfloat16" });
    const once = await readCheckpoint(folder);
    const size = (await readFile(join(folder, "model.safetensors"))).length;
    expect(size).toBeLessThan(2 * model.parameters.length + 4096);
    once.parameters.forEach((value, i) => {
      expect(Math.abs(value - model.parameters[i]!)).toBeLessThanOrEqual(Math.abs(model.parameters[i]!) * 2 ** -8);
    });
    await writeCheckpoint(folder, once, { storage: "bfloat16" });
    expect(await readCheckpoint(folder)).toEqual(once);
  });

  it("equal checkpoints give equal bytes", async () => {
    const write = async (): Promise<Record<string, string>> => {
      await writeCheckpoint(folder, model, { storage: "float32" });
      const names = (await readdir(folder)).sort();
      const contents = await Promise.all(names.map((name) => readFile(join(folder, name), "hex")));
      return Object.fromEntries(names.map((name, index) => [name, contents[index]!]));
    };
    const first = await write();
    expect(Object.keys(first)).toEqual(["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]);
    expect(await write()).toEqual(first);
  });

  it("a folder that cannot be made is a typed error", async () => {
    await writeFile(join(folder, "file"), "");
    const writing = writeCheckpoint(join(folder, "file", "model"), model, { storage: "float32" });
    await expect(writing).rejects.toMatchObject({ code: "store-unwritable" });
  });
});

describe("a classification head", () => {
  it("keeps the body and draws the head from its seed", () => {
    const from = new Map(parameterLayout(model.architecture).blocks.map((block) => [block.name, block]));
    for (const { name, offset, size } of parameterLayout(model.architecture, "classifier").blocks) {
      const place = from.get(name);
      const got = classifier.parameters.subarray(offset, offset + size);
      if (place) expect(got).toEqual(model.parameters.subarray(place.offset, place.offset + size));
      else expect(name).toBe("score.weight");
    }
    expect(withClassifierHead(model, 0)).toEqual(classifier);
    expect(withClassifierHead(model, 1)).not.toEqual(classifier);
    expect(classifier.head).toBe("classifier");
  });
});

describe("damaged checkpoints", () => {
  const edit = async (name: string, change: (value: Record<string, unknown>) => unknown): Promise<void> => {
    const file = join(folder, name);
    await writeFile(file, JSON.stringify(change(JSON.parse(await readFile(file, "utf8")))));
  };
  const rewriteWeights = async (
    change: (name: string, shape: readonly number[]) => [string, readonly number[]] | undefined,
  ): Promise<void> => {
    const file = join(folder, "model.safetensors");
    const tensors = [...parseSafetensors(await readFile(file))].flatMap(([name, { shape, data }]) => {
      const changed = change(name, shape);
      return changed ? [{ name: changed[0], shape: changed[1], data }] : [];
    });
    await writeFile(file, serialiseSafetensors(tensors, "float32"));
  };
  beforeEach(async () => {
    await writeCheckpoint(folder, model, { storage: "float32" });
  });

  it.each(["config.json", "model.safetensors", "tokenizer.json"])("without %s", async (name) => {
    await rm(join(folder, name));
    await expect(readCheckpoint(folder)).rejects.toMatchObject({
      code: "input-missing",
      message: expect.stringContaining(name),
    });
  });

  it.each(["config.json", "tokenizer.json"])("%s that is not JSON", async (name) => {
    await writeFile(join(folder, name), "{");
    await expect(readCheckpoint(folder)).rejects.toMatchObject({
      code: "input-damaged",
      message: expect.stringContaining(name),
    });
  });

  it("names the tensor that is missing, too many, or of another shape", async () => {
    const wanted = "model.layers.1.mlp.up_proj.weight";
    await rewriteWeights((name, shape) => (name === wanted ? undefined : [name, shape]));
    await expect(readCheckpoint(folder)).rejects.toMatchObject({
      code: "input-damaged",
      message: expect.stringContaining(wanted),
    });
    await writeCheckpoint(folder, model, { storage: "float32" });
    await rewriteWeights((name, shape) => [name, name === wanted ? [...shape].reverse() : shape]);
    await expect(readCheckpoint(folder)).rejects.toMatchObject({
      code: "input-damaged",
      message: expect.stringContaining(wanted),
    });
    await writeCheckpoint(folder, model, { storage: "float32" });
    await edit("config.json", (config) => ({ ...config, num_hidden_layers: 1 }));
    await expect(readCheckpoint(folder)).rejects.toMatchObject({
      code: "input-damaged",
      message: expect.stringContaining("model.layers.1."),
    });
  });

  it.each([
    ["input-damaged", { vocab_size: 1e9 }],
    ["input-damaged", { num_hidden_layers: 1e9 }],
    ["input-damaged", { hidden_size: undefined, head_dim: undefined }],
    ["input-damaged", { rms_norm_eps: "small" }],
    ["input-damaged", { num_attention_heads: 3, num_key_value_heads: 3, head_dim: 16 / 3 }],
    ["unsupported", { architectures: ["GPT2LMHeadModel"] }],
    ["unsupported", { model_type: "mistral" }],
    ["unsupported", { num_key_value_heads: 1 }],
    ["unsupported", { head_dim: 64 }],
    ["unsupported", { hidden_act: "gelu" }],
    ["unsupported", { attention_bias: true }],
    ["unsupported", { rope_parameters: { rope_type: "llama3", rope_theta: 1 } }],
    ["unsupported", { num_labels: 3 }],
  ])("%s: config %o", async (code, changes) => {
    await edit("config.json", (config) => ({ ...config, ...changes }));
    await expect(readCheckpoint(folder)).rejects.toMatchObject({ name: "LabError", code, hint: expect.any(String) });
  });
});

const python = process.env.ILR_PYTHON ?? "python3";
const hasTransformers = spawnSync(python, ["-c", "import torch, transformers"]).status === 0;

/** Reads a folder with transformers; prints logits of `ids` and the tokenizer's ids of `text`. */
const SCRIPT = `
import json, sys, torch
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer
folder, ids, text, head = json.load(sys.stdin)
kind = AutoModelForSequenceClassification if head == "classifier" else AutoModelForCausalLM
model = kind.from_pretrained(folder).eval()
tokenizer = AutoTokenizer.from_pretrained(folder)
with torch.no_grad():
    logits = model(torch.tensor([ids])).logits[0]
print(json.dumps([logits.tolist(), tokenizer(text)["input_ids"], tokenizer.eos_token_id, tokenizer.pad_token_id]))
`;

describe.skipIf(!hasTransformers)("transformers opens the folder", () => {
  const ids = [3, 14, 15, 9, 2, 6];
  const ask = async (
    checkpoint: Checkpoint,
    storage: "float32" | "bfloat16",
  ): Promise<[number[] | number[][], number[], number, number]> => {
    await writeCheckpoint(folder, checkpoint, { storage });
    const input = JSON.stringify([folder, ids, "the apples has\n12 <eos>", checkpoint.head]);
    const run = spawnSync(python, ["-c", SCRIPT], { input, encoding: "utf8" });
    if (run.status !== 0) throw new Error(run.stderr);
    return JSON.parse(run.stdout.trim().split("\n").at(-1)!);
  };
  it.each([
    ["a language model", model, "float32"],
    ["tied embeddings", tied, "float32"],
    ["bfloat16 storage", model, "bfloat16"],
  ] as const)("%s: the reference's logits within 1e-4, the same token ids", async (_, checkpoint, storage) => {
    const [logits, tokens, eos, pad] = await ask(checkpoint, storage);
    const expected = referenceLogits(await readCheckpoint(folder), ids);
    (logits as number[][]).flat().forEach((value, i) => {
      expect(Math.abs(value - expected.flat()[i]!)).toBeLessThan(1e-4);
    });
    expect([tokens, eos, pad]).toEqual([[16, 17, 18, 4, 5, 1], 1, 0]);
  });

  it("a classifier: the reference's probabilities", async () => {
    const [logits] = await ask(classifier, "float32");
    const [reject, accept] = logits as number[];
    const expected = referenceClasses(classifier, ids);
    expect(1 / (1 + Math.exp(reject! - accept!))).toBeCloseTo(expected[1]!, 5);
  });
});

/** What `exportOnnx` writes, against the engine's sampler, Transformers.js, and transformers in Python. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { AutoModelForCausalLM, AutoTokenizer, env, type Tensor as HubTensor } from "@huggingface/transformers";
import fc from "fast-check";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Json, sha256 } from "../../kernel-lib/src/core/index.js";
import {
  type Checkpoint,
  exportOnnx,
  loadTokenizer,
  readCheckpoint,
  sampleAnswers,
  withClassifierHead,
} from "../../kernel-lib/src/engine/index.js";
import { taskByName } from "../../kernel-lib/src/tasks/index.js";
import { tinyModel } from "./tiny-models.js";

const BASE = fileURLToPath(new URL("../../results/bases/micro-math-strong-0/model", import.meta.url));
const PYTHON = process.env.ILR_TRAINER_PYTHON ?? "";
const LIMIT = 44;
const PROMPTS = 200;

let root: string;
let checkpoint: Checkpoint;
let folder: string;
let prompts: readonly (readonly number[])[];
let texts: readonly string[];
let session: InferenceSession;
/** The engine's greedy answers, EOS included where it came. */
let expected: readonly { readonly tokens: readonly number[]; readonly logprob: number }[];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "ilr-export-"));
  checkpoint = await readCheckpoint(BASE);
  folder = join(root, "exported");
  await exportOnnx(checkpoint, folder, { model: "micro-math-strong-0" });
  session = await InferenceSession.create(join(folder, "onnx", "model.onnx"));
  const tokenizer = loadTokenizer(checkpoint.tokenizer);
  const task = taskByName("micro-math");
  const { validation } = await task.splits(0);
  texts = validation.slice(0, PROMPTS).map(({ question }) => task.prompt(question));
  prompts = texts.map((text) => tokenizer.encode(text));
  const questions = prompts.map((prompt, i) => ({ id: String(i), prompt }));
  const { eosId } = tokenizer;
  const answers = await sampleAnswers(checkpoint, questions, {
    ...{ decoding: { kind: "greedy" }, maxAnswerTokens: LIMIT, eosId, seed: 0 },
  });
  expected = answers.map(([answer]) => ({
    tokens: [...answer!.tokens, ...(answer!.finished ? [eosId] : [])],
    logprob: answer!.logprob,
  }));
});

afterAll(async () => {
  await session.release();
  await rm(root, { recursive: true, force: true });
});

const int64 = (rows: readonly (readonly number[])[]): Tensor =>
  new Tensor("int64", BigInt64Array.from(rows.flat(), BigInt), [rows.length, rows[0]!.length]);

type Cache = Readonly<Record<string, Tensor>>;

/** One run of an exported graph, by the names of its inputs and outputs alone. */
async function step(
  model: InferenceSession,
  { architecture: { layers, heads, hiddenSize } }: Checkpoint,
  { ids, mask, positions }: Readonly<Record<"ids" | "mask" | "positions", readonly (readonly number[])[]>>,
  past?: Cache,
): Promise<{ readonly logits: Tensor; readonly past: Cache }> {
  const names = Array.from({ length: layers }, (_, n) => [`${n}.key`, `${n}.value`]).flat();
  const empty = (): Tensor => new Tensor("float32", new Float32Array(0), [ids.length, heads, 0, hiddenSize / heads]);
  const cache = past ?? Object.fromEntries(names.map((name) => [`past_key_values.${name}`, empty()]));
  const feeds = { input_ids: int64(ids), attention_mask: int64(mask), position_ids: int64(positions), ...cache };
  const outputs = await model.run(feeds);
  return {
    logits: outputs.logits as Tensor,
    past: Object.fromEntries(names.map((name) => [`past_key_values.${name}`, outputs[`present.${name}`] as Tensor])),
  };
}

/** Log-probabilities of the last token's continuation. */
function lastLogprobs({ data, dims }: Tensor): Float64Array {
  const last = (data as Float32Array).slice(-dims[2]!);
  const most = Math.max(...last);
  const sum = last.reduce((total, logit) => total + Math.exp(logit - most), 0);
  return Float64Array.from(last, (logit) => logit - most - Math.log(sum));
}

async function greedy(prompt: readonly number[], eosId: number) {
  const tokens: number[] = [];
  let logprob = 0;
  let reading = prompt;
  let past: Cache | undefined;
  let seen = 0;
  while (tokens.length < LIMIT && tokens.at(-1) !== eosId) {
    const positions = reading.map((_, i) => seen + i);
    seen += reading.length;
    const mask = [new Array<number>(seen).fill(1)];
    const result = await step(session, checkpoint, { ids: [reading], mask, positions: [positions] }, past);
    past = result.past;
    const logprobs = lastLogprobs(result.logits);
    const next = logprobs.indexOf(Math.max(...logprobs));
    tokens.push(next);
    logprob += logprobs[next]!;
    reading = [next];
  }
  return { tokens, logprob };
}

describe("an exported model", () => {
  it(`answers ${PROMPTS} prompts as the trainer does, token for token`, async () => {
    const { eosId } = loadTokenizer(checkpoint.tokenizer);
    expect(prompts).toHaveLength(PROMPTS);
    for (const [i, prompt] of prompts.entries()) {
      const { tokens, logprob } = await greedy(prompt, eosId);
      expect(tokens).toEqual(expected[i]!.tokens);
      expect(Math.abs(logprob - expected[i]!.logprob)).toBeLessThan(1e-3);
    }
    // Answers of many kinds, or the above would say little.
    expect(new Set(expected.map(({ tokens }) => tokens.join())).size).toBeGreaterThan(PROMPTS / 2);
  });

  it("runs in Transformers.js, with padding on the left, and gives the same tokens", async () => {
    env.allowRemoteModels = false;
    env.localModelPath = `${root}/`;
    const tokenizer = await AutoTokenizer.from_pretrained("exported");
    const model = await AutoModelForCausalLM.from_pretrained("exported");
    // Unequal lengths, several at once: the shorter ones are padded.
    const chosen = Array.from({ length: 24 }, (_, i) => i);
    tokenizer.padding_side = "left";
    const inputs = tokenizer(
      chosen.map((i) => texts[i]!),
      { padding: true },
    );
    const rows = (inputs.input_ids as HubTensor).tolist() as bigint[][];
    const lengths = new Set(chosen.map((i) => prompts[i]!.length));
    expect(lengths.size).toBeGreaterThan(1);
    const output = (await model.generate({ ...inputs, max_new_tokens: LIMIT, do_sample: false })) as HubTensor;
    const written = output.tolist() as bigint[][];
    const { eosId, padId } = loadTokenizer(checkpoint.tokenizer);
    chosen.forEach((i, row) => {
      expect(rows[row]!.map(Number).filter((id) => id !== padId)).toEqual(prompts[i]);
      const answer = written[row]!.slice(rows[row]!.length).map(Number);
      const end = answer.indexOf(eosId);
      expect(end < 0 ? answer : answer.slice(0, end + 1)).toEqual(expected[i]!.tokens);
    });
    await model.dispose();
  });

  it.skipIf(PYTHON === "")("answers as transformers in Python does (ILR_TRAINER_PYTHON)", async () => {
    const script = `
import json, sys, torch
from transformers import AutoModelForCausalLM
model = AutoModelForCausalLM.from_pretrained(sys.argv[1], dtype=torch.float32)
prompts = json.load(open(sys.argv[2]))
out = [model.generate(torch.tensor([p]), max_new_tokens=${LIMIT}, do_sample=False)[0, len(p):].tolist() for p in prompts]
print(json.dumps(out))`;
    const file = join(root, "prompts.json");
    await writeFile(file, JSON.stringify(prompts.slice(0, 40)));
    const { stdout } = await promisify(execFile)(PYTHON, ["-c", script, BASE, file], {
      env: { ...process.env, OMP_NUM_THREADS: "1" },
    });
    const answers = JSON.parse(stdout.trim().split("\n").at(-1)!) as number[][];
    expect(answers).toEqual(expected.slice(0, 40).map(({ tokens }) => tokens));
  });
});

describe("the exported graph", () => {
  it("gives the same numbers however a text is cut, and whatever padding stands before it", async () => {
    const models = [tinyModel(1), tinyModel(2, { heads: 4, layers: 1, tiedEmbeddings: true })];
    const graphs: InferenceSession[] = [];
    for (const [i, model] of models.entries()) {
      await exportOnnx(model, join(root, `tiny-${i}`), null);
      graphs.push(await InferenceSession.create(join(root, `tiny-${i}`, "onnx", "model.onnx")));
    }
    const token = fc.integer({ min: 0, max: 19 });
    const cases = fc.record({
      which: fc.integer({ min: 0, max: 1 }),
      ids: fc.array(token, { minLength: 2, maxLength: 20 }),
      cut: fc.integer({ min: 1, max: 19 }),
      padding: fc.integer({ min: 1, max: 5 }),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ which, ids, cut, padding }) => {
        const [model, graph] = [models[which]!, graphs[which]!];
        const ones = (count: number): number[] => new Array<number>(count).fill(1);
        const zeros = (count: number): number[] => new Array<number>(count).fill(0);
        const all = ids.map((_, i) => i);
        const at = Math.min(cut, ids.length - 1);
        const whole = await step(graph, model, { ids: [ids], mask: [ones(ids.length)], positions: [all] });
        const front = await step(graph, model, {
          ...{ ids: [ids.slice(0, at)], mask: [ones(at)], positions: [all.slice(0, at)] },
        });
        const back = await step(
          graph,
          model,
          { ids: [ids.slice(at)], mask: [ones(ids.length)], positions: [all.slice(at)] },
          front.past,
        );
        const padded = await step(graph, model, {
          ids: [[...zeros(padding), ...ids]],
          mask: [[...zeros(padding), ...ones(ids.length)]],
          positions: [[...zeros(padding), ...all]],
        });
        const reference = lastLogprobs(whole.logits);
        for (const other of [back, padded]) {
          const logprobs = lastLogprobs(other.logits);
          reference.forEach((value, i) => void expect(logprobs[i]).toBeCloseTo(value, 3));
        }
      }),
      { numRuns: 40 },
    );
    for (const graph of graphs) await graph.release();
  });
});

describe("exporting", () => {
  it("writes the folder that Optimum would, with provenance and digests", async () => {
    const files = (await readdir(folder, { recursive: true })).sort();
    expect(files).toEqual([
      ...["config.json", "generation_config.json", "onnx", "onnx/model.onnx", "provenance.json"],
      ...["tokenizer.json", "tokenizer_config.json"],
    ]);
    const provenance = JSON.parse(await readFile(join(folder, "provenance.json"), "utf8")) as {
      from: Json;
      files: { path: string; sha256: string; size: number }[];
    };
    expect(provenance.from).toEqual({ model: "micro-math-strong-0" });
    expect(provenance.files).toHaveLength(5);
    for (const { path, sha256: digest, size } of provenance.files) {
      const bytes = await readFile(join(folder, path));
      expect([sha256(bytes), bytes.length]).toEqual([digest, size]);
    }
    const { layers } = checkpoint.architecture;
    expect(session.inputNames.slice(0, 5)).toEqual([
      ...["input_ids", "attention_mask", "position_ids", "past_key_values.0.key", "past_key_values.0.value"],
    ]);
    expect(session.outputNames).toContain(`present.${layers - 1}.value`);
  });

  it("touches nothing that is there, and leaves nothing half-written", async () => {
    const target = join(root, "mine");
    await mkdir(target);
    await writeFile(join(target, "note"), "mine");
    await expect(exportOnnx(checkpoint, target, null)).rejects.toMatchObject({ code: "config-invalid" });
    expect(await readdir(target)).toEqual(["note"]);
    const inside = join(target, "note", "model");
    await expect(exportOnnx(checkpoint, inside, null)).rejects.toMatchObject({ code: "store-unwritable" });
    expect(existsSync(dirname(inside)) && (await readdir(target))).toEqual(["note"]);
  });

  it("refuses classifiers", async () => {
    const evaluator = withClassifierHead(tinyModel(0), 0);
    await expect(exportOnnx(evaluator, join(root, "evaluator"), null)).rejects.toMatchObject({ code: "unsupported" });
  });
});

/** The embedded engine gives the same bytes in a worker, as a program, and in its image; and the Python trainer gives every output. */
import { createHash } from "node:crypto";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Backend,
  dockerBackend,
  embeddedBackend,
  engineIdentity,
  listImages,
  processBackend,
  sourceDigest,
} from "../../kernel-lib/src/backends/index.js";
import { seededRandom } from "../../kernel-lib/src/core/index.js";
import { TINY_WORDS, tinyModel, wordLevelTokenizer } from "../engine/tiny-models.js";
import { prepare, run } from "./conformance-fixtures.js";
import { compilePackage, embeddedImage, engineOfThisMachine, importBase, removeTestImages } from "./docker-fixtures.js";

const engine = await engineOfThisMachine();
const python = process.env.ILR_TRAINER_PYTHON;
const packageFolder = compilePackage();
let image = "";

beforeAll(async () => {
  if (engine) image = await embeddedImage(engine, await importBase(), packageFolder);
});
afterAll(async () => {
  if (engine) await removeTestImages();
  await rm(packageFolder, { recursive: true, force: true });
});

const random = seededRandom("same bytes");
const sums = Array.from({ length: 8 }, (_, k) => {
  const [a, b] = [random.below(5), random.below(5)];
  return { id: `q${k}`, prompt: `the ${a} + ${b} =`, right: `#### ${a + b}`, wrong: `#### ${a + b + 1} apples` };
});
const demonstrations = sums.map(({ id, prompt, right }) => ({ id, prompt, answer: right }));
const pairs = sums.map(({ id, prompt, right, wrong }) => ({ id, prompt, chosen: right, rejected: wrong }));
const texts = sums.map(({ id, prompt, right }, k) => ({ id, text: `${prompt} ${right}`, label: k % 2 }));
const corpus = sums.map(({ prompt, right }) => ({ text: `${prompt} ${right}` }));
const model = tinyModel(3);
const optimizer = { name: "adamw", lr: 1e-2 } as const;
const tokenizer = { json: wordLevelTokenizer(TINY_WORDS) };
const sizes = { epochs: 1, batchSize: 4, optimizer } as const;

const steps = {
  pretrain: () =>
    prepare(
      "pretrain",
      { architecture: model.architecture, tokens: 400, sequenceLength: 16, batchSize: 4, optimizer },
      { corpus, tokenizer },
    ),
  sft: () => prepare("sft", { ...sizes, checkpoints: 2 }, { model, demonstrations }),
  dpo: () => prepare("dpo", { ...sizes, beta: 0.5 }, { model, pairs }),
  evaluator: () => prepare("evaluator", sizes, { model, train: texts.slice(2), validation: texts.slice(0, 2) }),
  sample: () =>
    prepare(
      "sample",
      { decoding: { kind: "temperature", temperature: 0.7, samples: 2 }, maxAnswerTokens: 6 },
      { model, prompts: sums.map(({ id, prompt }) => ({ id, prompt })) },
      7,
    ),
  score: () => prepare("score", { kind: "logprob" }, { model, rows: demonstrations }),
} as const;

/** sha256 of every output. */
async function outputsOn(backend: Backend, verb: keyof typeof steps): Promise<Readonly<Record<string, string>>> {
  const prepared = await steps[verb]();
  const ran = await run(backend, prepared);
  expect(ran.error).toBeUndefined();
  const root = join(prepared.directory, "outputs");
  const files = (await readdir(root, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const hashed = files.map(async (file): Promise<[string, string]> => {
    const path = join(file.parentPath, file.name);
    const digest = createHash("sha256").update(await readFile(path));
    return [path.slice(root.length + 1), digest.digest("hex")];
  });
  return Object.fromEntries((await Promise.all(hashed)).sort(([a], [b]) => (a < b ? -1 : 1)));
}

const trainerCommand = [process.execPath, join(packageFolder, "bin", "ilr-trainer.js")];

describe.each([
  { name: "process", skip: false, open: () => processBackend({ command: trainerCommand, workers: 1 }) },
  {
    name: "docker (no engine answers: start one, or set DOCKER_HOST)",
    skip: engine === undefined,
    open: () => dockerBackend({ image, workers: 1 }),
  },
])("the engine behind $name", ({ skip, open }) => {
  it.skipIf(skip)("gives the same bytes as a worker, for every verb", async () => {
    const worker = embeddedBackend({ workers: 1 });
    const backend = await open();
    try {
      for (const verb of Object.keys(steps) as (keyof typeof steps)[]) {
        const [here, there] = [await outputsOn(worker, verb), await outputsOn(backend, verb)];
        expect(Object.keys(here).length).toBeGreaterThan(0);
        expect(there, verb).toEqual(here);
      }
    } finally {
      await Promise.all([worker.close(), backend.close()]);
    }
  });
});

describe("ilr-trainer", () => {
  it("has the identity of the engine, so that its results are the workers' results", async () => {
    const backend = await processBackend({ command: trainerCommand });
    // Compiled code has another digest than its sources; both are of the same files.
    expect(backend.identity("sft")).toMatch(/^[0-9a-f]{64}$/);
    expect(backend.identity("sft")).not.toBe(engineIdentity());
    expect(backend.versions).toMatchObject({ onnxruntime: expect.stringMatching(/^\d/) });
  });

  it("refuses a broken step by name", async () => {
    const backend = await processBackend({ command: trainerCommand });
    const { error } = await run(backend, await prepare("score", { kind: "logprob" }, { model }));
    expect(error).toMatchObject({ code: "step-invalid", message: expect.stringContaining('lacks input "rows"') });
  });
});

describe.skipIf(!engine)("the image of the embedded engine", () => {
  it("says which sources it was built from, and is small beside its base", async () => {
    const built = (await listImages(engine!)).find(({ tags }) => tags.includes(image));
    const root = join(import.meta.dirname, "..", "..");
    expect(built?.source).toBe(sourceDigest({ packageFolder, root }));
    expect(built!.bytes).toBeLessThan(300e6);
  });
});

describe.skipIf(!python)("the Python trainer (set ILR_TRAINER_PYTHON to a Python that has it)", () => {
  it("leaves every output of every verb", async () => {
    const backend = await processBackend({ command: [python!, "-m", "ilr_trainer"] });
    for (const verb of Object.keys(steps) as (keyof typeof steps)[]) {
      expect(Object.keys(await outputsOn(backend, verb)).length).toBeGreaterThan(0);
    }
    await backend.close();
  }, 600_000); // each verb starts Python and loads PyTorch: minutes on a busy machine
});

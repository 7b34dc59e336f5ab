/** F4 on both trainers: neither the kit's tokenizers nor their Hugging Face twins have a BOS, so asking for one changes no score. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runStep } from "../../kernel-lib/src/engine/index.js";
import { type ClassifierScore, CONTRACT, type Step } from "../../kernel-lib/src/steps/index.js";
import { tinyModel } from "../engine/tiny-models.js";
import { both, difference, PYTHON, type Ran, rowsOf, runBoth, temporaryRoot, WHY_SKIPPED } from "./both.js";

const rows = Array.from({ length: 9 }, (_, k) => ({
  id: `${k}`,
  text: `the ${k} + ${k * 3} = ${"apples ".repeat(k)}`,
}));
const examples = rows.map((row, k) => ({ ...row, label: k % 2 }));
const training = { epochs: 1, batchSize: 4, optimizer: { name: "adamw", lr: 1e-2 } } as const;
const classify = { kind: "classifier" } as const;

describe.skipIf(PYTHON === "")(`classifying with and without BOS ${WHY_SKIPPED}`, () => {
  let root: Awaited<ReturnType<typeof temporaryRoot>>;
  let ran: Readonly<Record<"plain" | "bos", Ran>>;
  beforeAll(async () => {
    root = await temporaryRoot();
    const inputs = { model: tinyModel(3), train: examples, validation: examples };
    const { trained } = await runBoth(join(root.path, "training"), {
      trained: both({ verb: "evaluator", params: training, inputs }),
    });
    const evaluator = { folder: join(trained.embedded, "outputs/model") };
    ran = await runBoth(root.path, {
      plain: both({ verb: "score", params: classify, inputs: { model: evaluator, rows } }),
      bos: both({ verb: "score", params: { ...classify, bos: true }, inputs: { model: evaluator, rows } }),
    });
  }, 120_000);
  afterAll(() => root.remove());

  const probabilities = async (folder: string): Promise<number[]> =>
    (await rowsOf<ClassifierScore>(folder, "scores")).flatMap((row) => [...row.probabilities]);

  it("gives the same scores, on both trainers", async () => {
    const plain = await probabilities(ran.plain.embedded);
    expect(await probabilities(ran.bos.embedded)).toEqual(plain);
    expect(await probabilities(ran.bos.trainer)).toEqual(await probabilities(ran.plain.trainer));
    expect(difference("classify", await probabilities(ran.bos.trainer), plain)).toBeLessThan(1e-4);
    expect(new Set(plain).size).toBeGreaterThan(rows.length);
  });

  it("is said to change nothing by both", async () => {
    const said: string[] = [];
    const step = JSON.parse(await readFile(join(ran.bos.embedded, "step.json"), "utf8")) as Step;
    expect(step.contract).toBe(CONTRACT);
    await runStep(
      step,
      ran.bos.embedded,
      (event) => void (event.type === "note" && said.push(event.text)),
      new AbortController().signal,
    );
    const events = await readFile(join(ran.bos.trainer, "events.jsonl"), "utf8");
    for (const text of [...said, events]) expect(text).toContain("no beginning-of-sequence token: F4 changes nothing");
    expect(said.length).toBe(1);
  });
});

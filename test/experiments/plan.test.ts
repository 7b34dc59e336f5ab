import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { importTree } from "../../kernel-lib/src/backends/index.js";
import { defaultRates, flopsOf, measuredRates, parametersOf } from "../../kernel-lib/src/experiments/cost.js";
import { baseFolder, presetByName, runExperiment } from "../../kernel-lib/src/experiments/index.js";
import { planExperiment } from "../../kernel-lib/src/experiments/plan.js";
import type { Store } from "../../kernel-lib/src/store/index.js";
import { writeModel } from "../backends/fake-trainer.js";
import { temporaryFolder, temporaryStore } from "../backends/fixtures.js";
import { smallExperiment } from "./fixture.js";
import { pretendingBackend } from "./pretending-backend.js";

async function place(): Promise<{ store: Store; results: string }> {
  return { store: (await temporaryStore()).store, results: join(await temporaryFolder(), "results") };
}

async function filesOf(store: Store): Promise<number> {
  return (await readdir(store.root, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).length;
}

describe("a plan", () => {
  it("of an empty store lists what the run executes, shared steps once, and writes nothing", async () => {
    const { store, results } = await place();
    const backend = pretendingBackend();
    const experiment = smallExperiment();
    const before = await filesOf(store);
    const plan = await planExperiment(experiment, { store, backend, results });
    expect(await filesOf(store)).toBe(before);
    expect(backend.calls).toEqual([]);
    expect(plan.cached).toBe(0);
    // Round 1's half models are the same for every refinement rule.
    const halves = plan.steps.filter(({ verb, label }) => verb === "sft" && label.includes("round 1: half model"));
    expect(halves).toHaveLength(2);

    const { provenance } = await runExperiment(experiment, { store, backend, results });
    expect(provenance.counts.executed).toBe(plan.steps.length);
    const verbs = (names: readonly string[]): string[] => [...names].sort();
    expect(verbs(plan.steps.map(({ verb }) => verb))).toEqual(verbs(backend.calls));
  });

  it("after the run finds every step in the store, and none after a change", async () => {
    const { store, results } = await place();
    const backend = pretendingBackend();
    const experiment = smallExperiment();
    await runExperiment(experiment, { store, backend, results });
    const again = await planExperiment(experiment, { store, backend, results });
    expect(again.steps.filter(({ cached }) => !cached)).toEqual([]);
    expect(again).toMatchObject({ cached: again.steps.length, workSeconds: 0, wallSeconds: 0, flops: 0 });

    const changed = smallExperiment("recipe.student.epochs=3");
    const other = await planExperiment(changed, { store, backend, results });
    const state = new Map(other.steps.map(({ label, cached }) => [label, cached]));
    // What does not depend on the student stays; the student's training is known by key before it runs.
    expect(state.get("weak supervisor")).toBe(true);
    expect(state.get("evaluator")).toBe(true);
    expect(state.get("SFT")).toBe(false);
    expect(other.steps.find(({ label }) => label === "SFT")).toHaveProperty("key");
    expect(other.steps.find(({ label }) => label === "SFT: test answers")).not.toHaveProperty("key");
  });

  it("knows recorded base models without taking them into the store", async () => {
    const [{ store, results }, elsewhere] = [await place(), await place()];
    const experiment = smallExperiment();
    for (const base of [experiment.bases.weak, experiment.bases.strong]) {
      const folder = baseFolder(results, base, 0);
      writeModel(join(folder, "model"), base.name.length);
      const { ref } = await importTree(elsewhere.store, join(folder, "model"));
      await writeFile(join(folder, "provenance.json"), JSON.stringify({ ref }));
    }
    const before = await filesOf(store);
    const plan = await planExperiment(experiment, { store, results, backend: pretendingBackend() });
    expect(await filesOf(store)).toBe(before);
    expect(plan.steps.map(({ verb }) => verb)).not.toContain("pretrain");
    // Everything that it is trained on is known, so its key is.
    expect(plan.steps[0]).toMatchObject({ label: "weak supervisor", parameters: 10, key: expect.any(String) });
  });

  it("is as long as its longest chain of steps, however many workers there are", async () => {
    const { store, results } = await place();
    const experiment = smallExperiment();
    const of = (concurrency: number) =>
      planExperiment(experiment, { store, results, backend: { ...pretendingBackend(), concurrency } });
    const [one, many] = [await of(1), await of(1000)];
    expect(one.wallSeconds).toBeCloseTo(one.workSeconds);
    expect(many.wallSeconds).toBeLessThan(one.wallSeconds);
    const chain = ["pretraining micro-math-strong (0)", "SFT", "DPO round 1: samples", "DPO round 1"];
    const seconds = chain.map((label) => one.steps.find((step) => step.label === label)!.seconds);
    expect(many.wallSeconds).toBeGreaterThan(seconds.reduce((sum, s) => sum + s, 0));
  });
});

describe("costs", () => {
  const tokens = { prompt: 20, answer: 10 };

  it("count parameters of an architecture", () => {
    const { architecture } = presetByName("micro-math/main").bases.strong.pretrain;
    const size = { ...architecture, vocabSize: 64, ropeTheta: 10_000, rmsNormEps: 1e-5, tiedEmbeddings: false };
    // 3 layers of 4 * 96^2 + 3 * 96 * 256 + 2 * 96, embeddings and head of 64 * 96, one norm.
    expect(parametersOf(size)).toBe(3 * (36_864 + 73_728 + 192) + 2 * 6144 + 96);
  });

  it("follow the number of tokens", () => {
    const optimizer = presetByName("micro-math/main").recipe.student.optimizer as never;
    const sft = { epochs: 2, batchSize: 8, lossWeighting: "per-example", optimizer, checkpoints: 0 } as const;
    expect(flopsOf("sft", sft, { parameters: 100, rows: { demonstrations: 5 } }, tokens)).toBe(6 * 100 * 2 * 5 * 30);
    const size = { parameters: 100, rows: { prompts: 5 } };
    const sampling = { maxAnswerTokens: 16, decoding: { kind: "temperature", temperature: 1, samples: 6 } } as const;
    expect(flopsOf("sample", sampling, size, tokens)).toBe(2 * 100 * 5 * (20 + 6 * 10));
    const scored = { parameters: 100, rows: { rows: 5 } };
    expect(flopsOf("score", { kind: "classifier" }, scored, tokens)).toBe(2 * 100 * 5 * 40);
  });

  it("take their rates from this machine's records, and only from those", async () => {
    const { store, results } = await place();
    const experiment = smallExperiment();
    await runExperiment(experiment, { store, results, backend: pretendingBackend() });
    const records = await store.records();
    // Too short to say anything.
    const quick = records.map((record) => ({ ...record, seconds: 0.01 }));
    expect(measuredRates(quick, tokens)).toEqual(defaultRates);
    // Ten seconds each, as if they had been computed.
    const slow = records.map((record) => ({ ...record, seconds: 10 }));
    expect(measuredRates(slow, tokens).sft).toBeLessThan(1e6);
    const machine = { ...slow[0]!.machine, cpu: "another" };
    expect(measuredRates(slow, tokens, machine)).toEqual(defaultRates);
  });
});

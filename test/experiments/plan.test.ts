import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRunner, importTree } from "../../kernel-lib/src/backends/index.js";
import { LabError } from "../../kernel-lib/src/core/index.js";
import {
  baseFolder,
  costOf,
  type Experiment,
  methodCosts,
  type PlanOptions,
  type PricedPlan,
  type PricedStep,
  parseExperiment,
  planExperiment,
  planExperiments,
  presetByName,
  runExperiment,
  setField,
  sharingOf,
  tableBytesOf,
} from "../../kernel-lib/src/experiments/index.js";
import { assumedRates, measuredRates } from "../../kernel-lib/src/experiments/planning/index.js";
import { createSetting } from "../../kernel-lib/src/methods/index.js";
import { openStore, type Store } from "../../kernel-lib/src/store/index.js";
import { microMath } from "../../kernel-lib/src/tasks/index.js";
import { writeModel } from "../backends/fake-trainer.js";
import { temporaryFolder, temporaryStore } from "../backends/fixtures.js";
import { smallExperiment } from "./fixture.js";
import { planningRunner } from "./planning-by-hand.js";
import { type PretendingBackend, pretendingBackend } from "./pretending-backend.js";

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

/** A store that holds the questions of two seeds and nothing else. Plans write nothing, so that they can share it. */
let where: { readonly store: Store; readonly results: string; readonly backend: PretendingBackend };
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ilr-plans-"));
  const store = await openStore(join(folder, "store"), { warn: () => {} });
  where = { store, results: join(folder, "results"), backend: pretendingBackend() };
  const { recipe, alpha, fidelity, limit } = smallExperiment();
  const runner = createRunner(where);
  const bases = { weak: { ref: undefined }, strong: { ref: undefined } };
  const setting = { runner, task: microMath, recipe: { ...recipe, alpha }, fidelity, bases, limit: limit as never };
  for (const seed of [0, 1]) await createSetting({ ...setting, seed });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A plan of an experiment of which nothing has run. */
async function planIn(experiment: Experiment, more: Partial<PlanOptions> = {}): Promise<PricedPlan> {
  return planExperiment(experiment, { ...where, ...more });
}

const sum = (steps: readonly PricedStep[], of: (step: PricedStep) => number): number =>
  steps.reduce((total, step) => total + of(step), 0);

describe("the cost of a whole experiment", () => {
  it("is what loops over its seeds, arms and rounds give", async () => {
    // 20 questions with ground truth, 20 with weak labels, 6 for validation, 8 for tests; both base models are pretrained.
    const experiment = smallExperiment("seeds=[0,7]", "rounds.dpo=2", "recipe.weak.checkpoints=4");
    const plan = await planIn(experiment);
    const { prompt: P, answer: A } = microMath.typicalTokens;
    let [read, generated, trained, flops, training] = [0, 0, 0, 0, 0];
    /** Width, layers and parameters by hand: 12 matrices of a Llama without grouped queries, tied embeddings, norms. */
    const model = (h: number, i: number): { n: number; d: number; layers: number } => ({
      ...{ n: 3 * (4 * h * h + 3 * h * i + 2 * h) + microMath.pretraining!.vocabSize * h + h, d: h, layers: 3 },
    });
    const [weak, strong] = [model(48, 128), model(96, 256)];
    type Model = typeof weak;
    const attention = ({ d, layers }: Model, length: number): number => 2 * d * layers * length * length;
    const train = (m: Model, sequences: number, length: number): void => {
      trained += sequences * length;
      flops += sequences * (6 * m.n * length + 3 * attention(m, length));
    };
    const ask = (m: Model, sequences: number, length: number): void => {
      read += sequences * length;
      flops += sequences * (2 * m.n * length + attention(m, length));
    };
    const sample = (m: Model, prompts: number, answers = 1): void => {
      ask(m, prompts, P);
      generated += prompts * answers * A;
      flops += prompts * answers * (2 * m.n * A + attention(m, P + A) - attention(m, P));
    };
    const sft = (m: Model, rows: number): void => {
      training++;
      train(m, 2 * rows, P + A);
    };
    const kl = (): void => {
      sample(strong, 6);
      ask(strong, 6, P + A);
      ask(strong, 6, P + A);
    };
    // Seeds 0 and 7 use the same pair of base models.
    training += 2;
    train(strong, 6_000_000 / 64, 64);
    train(weak, 8_000_000 / 64, 64);
    for (const _seed of experiment.seeds) {
      sft(weak, 20);
      sample(weak, 20);
      sample(weak, 8);
      sft(strong, 20);
      sample(strong, 8);
      // The evaluator: four checkpoints answer, then 36 texts train it and 4 validate, five epochs.
      for (let checkpoint = 0; checkpoint < 4; checkpoint++) sample(weak, 20);
      training++;
      train(weak, 5 * 36, P + 2 * A);
      ask(weak, 5 * 4, P + 2 * A);
      // What it believes of the pairs kept back.
      ask(weak, 4, P + 2 * A);
      for (const arm of ["ILR", "Naive ILR"]) {
        for (let round = 1; round <= 2; round++) {
          // The first round's half models are the same for both.
          if (arm === "ILR" || round > 1) {
            for (let half = 0; half < 2; half++) {
              sft(strong, 10);
              sample(strong, 10);
            }
          }
          // Half of the labels are disputed, and asked about in both orders.
          if (arm === "ILR") ask(weak, 2 * 10, P + 2 * A);
          sft(strong, 20);
          sample(strong, 8);
          kl();
        }
      }
      for (let round = 1; round <= 2; round++) {
        sample(strong, 20, 6);
        // 60 pairs, of which 15 % are kept.
        training++;
        train(strong, 2 * 9, P + A);
        ask(strong, 2 * 9, P + A);
        sample(strong, 8);
        kl();
      }
    }
    const cost = costOf(plan.steps);
    expect(cost.tokens).toEqual({ read, generated, trained });
    expect(cost.training).toBe(training);
    expect(cost.flops / flops).toBeCloseTo(1, 12);
    expect(plan.flops).toBe(cost.flops);
  });

  it("is the sum of its parts", async () => {
    const plan = await planIn(smallExperiment());
    const whole = costOf(plan.steps);
    const verbs = [...new Set(plan.steps.map(({ verb }) => verb))];
    const parts = verbs.map((verb) => costOf(plan.steps.filter((step) => step.verb === verb)));
    for (const of of [
      (cost: typeof whole) => cost.steps,
      (cost: typeof whole) => cost.training,
      (cost: typeof whole) => cost.flops,
      (cost: typeof whole) => cost.seconds,
      (cost: typeof whole) => cost.bytes,
      (cost: typeof whole) => cost.tokens.trained,
      (cost: typeof whole) => cost.tokens.generated,
      (cost: typeof whole) => cost.tokens.read,
      (cost: typeof whole) => cost.hours.h100!,
    ]) {
      const total = parts.reduce((all, part) => all + of(part), 0);
      expect(of(whole) / total).toBeCloseTo(1, 12);
    }
    expect(plan.workSeconds).toBeCloseTo(sum(plan.steps, ({ seconds }) => seconds));
    for (const step of plan.steps) expect(step.seconds).toBe(step.flops / plan.rates[step.verb].flopsPerSecond);
    // What an arm takes is what its rounds, its preparation and nothing else take.
    for (const { arm, preparation, rounds, total, measurement, own } of methodCosts(plan)) {
      const needed = plan.steps.filter(({ uses }) => uses.some((use) => use.arm === arm.name));
      expect(total.steps + measurement.steps).toBe(needed.length);
      expect(total.steps).toBe(preparation.steps + rounds.reduce((all, { steps }) => all + steps, 0));
      expect(own.flops).toBeLessThanOrEqual(total.flops);
    }
  });

  it("is told by method and round: three trainings for ILR, one and six samples a question for DPO", async () => {
    const plan = await planIn(smallExperiment("rounds.dpo=2"));
    const costs = new Map(methodCosts(plan).map((cost) => [cost.arm.name, cost]));
    const { prompt: P, answer: A } = microMath.typicalTokens;
    expect(costs.get("SFT")!.rounds).toEqual([]);
    const ilr = costs.get("ILR")!;
    expect(ilr.rounds.map(({ training }) => training)).toEqual([3, 3]);
    expect(ilr.rounds.map(({ tokens }) => tokens.generated)).toEqual([20 * A, 20 * A]);
    expect(ilr.rounds.map(({ tokens }) => tokens.trained)).toEqual([2 * 40 * (P + A), 2 * 40 * (P + A)]);
    const dpo = costs.get("DPO")!;
    expect(dpo.rounds.map(({ training }) => training)).toEqual([1, 1]);
    expect(dpo.rounds.map(({ tokens }) => tokens.generated)).toEqual([120 * A, 120 * A]);
    // Test answers and divergences are no part of a method.
    const measured = plan.steps.filter(({ purpose }) => purpose === "measurement").map(({ label }) => label);
    expect(measured.every((label) => /test answers|samples for KL|log-probabilities/.test(label))).toBe(true);
    expect(plan.steps.filter(({ label }) => /test answers|KL|log-prob/.test(label))).toHaveLength(measured.length);
  });
});

describe("sharing", () => {
  it("never raises the cost, of arms or of experiments, and never costs less than the dearest of them", async () => {
    const arms = [
      { name: "SFT", method: "sft" },
      { name: "ILR", method: "ilr", comparisons: "evaluator" },
      { name: "ILR oracle", method: "ilr", comparisons: "oracle" },
      { name: "Naive", method: "naive-ilr" },
      { name: "DPO", method: "dpo", comparisons: "evaluator" },
      { name: "DPO random", method: "dpo", comparisons: "random" },
    ] as const;
    await fc.assert(
      fc.asyncProperty(
        fc.subarray([...arms], { minLength: 1 }),
        fc.subarray([...arms], { minLength: 1 }),
        async (some, others) => {
          const [one, other] = [some, others].map((chosen, k) =>
            parseExperiment({ ...smallExperiment("seeds=[0,1]"), name: `some/${k}`, arms: chosen as never }),
          );
          const { plans, steps, tables } = await planExperiments([one!, other!], where);
          for (const plan of plans) {
            const { together, apart } = sharingOf(plan.steps);
            expect(together.flops).toBeLessThanOrEqual(apart.flops);
            expect(together.steps).toBeLessThanOrEqual(apart.steps);
            const alone = methodCosts(plan).map(({ total, measurement }) => total.steps + measurement.steps);
            expect(apart.steps).toBe(alone.reduce((all, count) => all + count, 0));
            expect(together.steps).toBeGreaterThanOrEqual(Math.max(...alone));
          }
          const all = costOf(steps);
          const single = plans.map((plan) => costOf(plan.steps));
          for (const of of [
            (cost: typeof all) => cost.flops,
            (cost: typeof all) => cost.bytes,
            (cost: typeof all) => cost.steps,
          ]) {
            expect(of(all)).toBeLessThanOrEqual(single.reduce((total, cost) => total + of(cost), 0) * (1 + 1e-12));
            expect(of(all)).toBeGreaterThanOrEqual(Math.max(...single.map(of)) * (1 - 1e-12));
          }
          expect(tableBytesOf(tables)).toBeLessThanOrEqual(
            plans.reduce((total, plan) => total + tableBytesOf(plan.tables), 0),
          );
        },
      ),
      { numRuns: 8 },
    );
  });

  it("is of equal steps only: a plan beside another is the plan alone", async () => {
    const [one, other] = [smallExperiment(), smallExperiment("alpha=0.3", 'name="other"')];
    const { plans } = await planExperiments([one, other], where);
    const told = ({ id, flops, uses }: PricedStep): object => ({ id, flops, arms: uses.map(({ arm }) => arm).sort() });
    for (const [k, experiment] of [one, other].entries()) {
      const alone = await planExperiment(experiment, where);
      const byId = (steps: readonly PricedStep[]): object =>
        Object.fromEntries(steps.map((step) => [step.id, told(step)]));
      expect(byId(plans[k]!.steps)).toEqual(byId(alone.steps));
    }
  });

  it("names steps that several arms need, and what that saves", async () => {
    const plan = await planIn(smallExperiment());
    const { together, apart, shared } = sharingOf(plan.steps);
    const by = new Map(shared.map(({ label, arms }) => [label, arms]));
    expect(by.get("SFT")).toEqual(["SFT", "ILR", "Naive ILR", "DPO"]);
    expect(by.get("weak labels")).toHaveLength(4);
    expect(by.get("ILR round 1: half model 1")).toEqual(["ILR", "Naive ILR"]);
    expect(by.has("ILR round 2: half model 1")).toBe(false);
    expect(apart.steps - together.steps).toBe(shared.reduce((all, { saved }) => all + saved, 0));
  });

  it("trains 90 models where the released scripts train 95, for GSM8K with its ablations", async () => {
    const experiments = ["main", "naive", "ora", "corora"].map((study) => {
      const preset = presetByName(`gsm8k/${study}`, "paper");
      // What the scripts run: they have no SFT on ground truth and no second variant of DPO.
      const arms = preset.arms.filter(
        ({ name }) => !["SFT on ground truth", "DPO (evaluator, as released)"].includes(name),
      );
      return parseExperiment({ ...preset, arms });
    });
    const { steps, plans, refused } = await planExperiments(experiments, {
      ...{ ...where, data: await temporaryFolder() },
    });
    expect(refused).toEqual([]);
    expect(plans).toHaveLength(4);
    // docs/cost.md: weak supervisor, evaluator, SFT; ILR; DPO; naive; oracle ILR, DPO; SFT on correct labels, oracle ILR, DPO.
    expect(costOf(steps).training).toBe(1 + 1 + 1 + 18 + 6 + 16 + 16 + 6 + 1 + 18 + 6);
  });
});

describe("the planner", () => {
  it("gives the same plan every time", async () => {
    const experiment = smallExperiment("seeds=[0,1]");
    const own = { ...(await place()), backend: pretendingBackend() };
    expect(await planExperiment(experiment, where)).toEqual(await planExperiment(experiment, where));
    const little = smallExperiment("rounds.ilr=1", `arms=${JSON.stringify([{ name: "Naive", method: "naive-ilr" }])}`);
    await runExperiment(little, own);
    // Half of it is in the store.
    const [more, again] = [smallExperiment("rounds.ilr=1"), smallExperiment("rounds.ilr=1")];
    const plan = await planExperiment(more, own);
    expect(plan.cached).toBeGreaterThan(10);
    expect(plan.cached).toBeLessThan(plan.steps.length);
    expect(await planExperiment(again, own)).toEqual(plan);
  });

  it("asks never less of more rounds, seeds or questions", async () => {
    const from1 = fc.integer({ min: 1, max: 3 });
    await fc.assert(
      fc.asyncProperty(
        from1,
        from1,
        fc.constantFrom("rounds.ilr", "rounds.dpo", "seeds", "limit.train"),
        async (ilr, dpo, what) => {
          const start = smallExperiment(`rounds={"ilr":${ilr},"dpo":${dpo}}`);
          const more = { "rounds.ilr": ilr + 1, "rounds.dpo": dpo + 1, seeds: [0, 1], "limit.train": 60 }[what];
          const plans = [start, parseExperiment(setField(start as never, `${what}=${JSON.stringify(more)}`))];
          const [less, greater] = await Promise.all(plans.map((experiment) => planExperiment(experiment, where)));
          const [x, y] = [costOf(less!.steps), costOf(greater!.steps)];
          expect(y.flops).toBeGreaterThan(x.flops);
          expect(y.bytes).toBeGreaterThan(x.bytes);
          expect(y.tokens.trained).toBeGreaterThanOrEqual(x.tokens.trained);
          expect(greater!.wallSeconds).toBeGreaterThanOrEqual(less!.wallSeconds);
        },
      ),
      { numRuns: 8 },
    );
  });

  it("expects as many rows as the task has where its data has yet to be fetched, and hides no other mistake", async () => {
    const experiment = parseExperiment(presetByName("gsm8k/main", "paper"));
    const data = await temporaryFolder();
    const plan = await planIn(experiment, { data });
    const weak = plan.steps.find(({ label }) => label === "weak supervisor")!;
    const tested = plan.steps.find(({ label }) => label === "SFT: test answers")!;
    expect(tested.rows).toBe(1319);
    expect(weak.rows).toBeGreaterThan(3000);
    expect(weak.rows).toBeLessThanOrEqual(7473 / 2);
    expect(plan.device).toBe("h100");
    expect(plan.downloads.find(({ what }) => what === "mistralai/Mistral-7B-v0.1")?.bytes).toBe(2 * 7_241_732_096);

    const runner = createRunner(where);
    const planning = planningRunner(runner, { tokens: { prompt: 1, answer: 1 }, rates: assumedRates(undefined) });
    const options = { label: "rows", expectRows: { rows: 7 } };
    const failing = (code: "input-missing" | "input-damaged") => () => {
      throw new LabError(code, "no rows");
    };
    expect((await planning.derive("a", {}, {}, options, failing("input-missing"))).rows).toMatchObject({ rows: 7 });
    await expect(planning.derive("b", {}, {}, options, failing("input-damaged"))).rejects.toThrow("no rows");
    // What is slow or costs money is expected, not done.
    const costly = { ...options, costly: true };
    expect((await planning.derive("c", {}, {}, costly, failing("input-damaged"))).rows).toMatchObject({ rows: 7 });
    expect((await planning.derive("d", {}, {}, options, () => ({ rows: [{}, {}] }))).rows).toMatchObject({ rows: 2 });
  });

  it("prices an adapter's steps by the model under it, and keeps the two base models apart", async () => {
    const experiment = parseExperiment(presetByName("gsm8k/main", "paper"));
    const plan = await planIn(experiment, { data: await temporaryFolder() });
    const sizes = new Map(plan.steps.map(({ label, parameters }) => [label, parameters]));
    expect(sizes.get("weak supervisor")).toBe(2_506_172_416);
    expect(sizes.get("evaluator: answers of checkpoint 3")).toBe(2_506_172_416);
    expect(sizes.get("SFT")).toBe(7_241_732_096);
    expect(sizes.get("DPO (evaluator) round 2")).toBe(7_241_732_096);
    const bytes = new Map(plan.steps.map((step) => [step.label, step.bytes]));
    // An adapter of rank 64 in float32, and a log.
    expect(bytes.get("DPO (evaluator) round 2")! / (4 * 167_772_160)).toBeCloseTo(1, 3);
    expect(bytes.get("evaluator")! / (4 * 2_506_172_416)).toBeCloseTo(1, 3);
    for (const { label, accelerators } of plan.steps) expect([label, accelerators]).toEqual([label, 1]);
  });

  it("counts nothing of a model whose size nobody knows", async () => {
    const runner = createRunner(where);
    const planning = planningRunner(runner, { tokens: { prompt: 2, answer: 1 }, rates: assumedRates(undefined) });
    const [model, prompts] = [{ ref: undefined }, { ref: undefined, rows: 5 }];
    const params = { decoding: { kind: "greedy" }, maxAnswerTokens: 8 } as const;
    const { answers } = await planning.step("sample", params, { model, prompts }, { seed: 0, label: "answers" });
    expect(answers).toMatchObject({ ref: undefined, rows: 5 });
    const [step] = planning.steps();
    expect(step).toMatchObject({ parameters: 0, flops: 0, seconds: 0, accelerators: 0, memoryBytes: undefined });
    expect(step!.tokens).toEqual({ read: 10, generated: 5, trained: 0 });
  });

  it("tells models from outside apart by what is known of them, and takes equal ones for one", async () => {
    const planning = planningRunner(createRunner(where), {
      tokens: { prompt: 2, answer: 1 },
      rates: assumedRates(undefined),
    });
    const prompts = { ref: undefined, rows: 5 };
    const ask = (parameters: number) =>
      planning.step(
        "sample",
        { decoding: { kind: "greedy" }, maxAnswerTokens: 8 },
        { model: { ref: undefined, parameters }, prompts },
        { seed: 0, label: "answers" },
      );
    for (const parameters of [2e9, 7e9, 2e9]) await ask(parameters);
    expect(planning.steps().map(({ parameters }) => parameters)).toEqual([2e9, 7e9]);
  });

  it("plans thousands of steps in seconds", async () => {
    const arms = Array.from({ length: 30 }, (_, k) => ({
      ...{ name: `ILR ${k}`, method: "ilr", comparisons: { noisyOracle: 0.5 + k / 100 } },
    }));
    const experiment = smallExperiment("seeds=[0,1,2,3]", `arms=${JSON.stringify(arms)}`, "rounds.ilr=6");
    const started = performance.now();
    const plan = await planIn(experiment);
    expect(plan.steps.length).toBeGreaterThan(5000);
    // Two seconds on an idle machine; tests share theirs.
    expect(performance.now() - started).toBeLessThan(10_000);
  }, 30_000);
});

describe("speeds", () => {
  const tokens = { prompt: 20, answer: 10 };

  it("are taken from this machine's records of this backend, and only from those", async () => {
    const { store, results } = await place();
    const experiment = smallExperiment(`arms=${JSON.stringify([{ name: "SFT", method: "sft" }])}`);
    await runExperiment(experiment, { store, results, backend: pretendingBackend() });
    const records = await store.records();
    const assumed = assumedRates(undefined);
    // Too short to say anything.
    const quick = records.map((record) => ({ ...record, seconds: 0.01 }));
    expect(measuredRates(quick, assumed, { tokens })).toEqual(assumed);
    // Ten seconds each, as if they had been computed.
    const slow = records.map((record) => ({ ...record, seconds: 10 }));
    const measured = measuredRates(slow, assumed, { tokens }).sft;
    expect(measured.flopsPerSecond).toBeLessThan(1e6);
    expect(measured).toMatchObject({
      basis: "measured",
      says: expect.stringMatching(/^measured here: .* by \d+ steps/),
    });
    const machine = { ...slow[0]!.machine, cpu: "another" };
    expect(measuredRates(slow, assumed, { tokens, machine })).toEqual(assumed);
    expect(measuredRates(slow, assumed, { tokens, backend: "docker" })).toEqual(assumed);
  });

  it("of a device are said to be assumed, and are never measured here", async () => {
    const plan = await planIn(smallExperiment(), { device: "a100-80gb" });
    expect(plan.rates.sft).toEqual({
      ...{ flopsPerSecond: 0.3 * 312e12, basis: "assumed" },
      says: "assumed 30 % of 312 TFLOP/s (NVIDIA A100 80 GB)",
    });
    expect(Object.values(plan.rates).every(({ says }) => says.startsWith("assumed"))).toBe(true);
    await expect(planIn(smallExperiment(), { device: "h10" })).rejects.toThrow(/no device "h10"/);
  });
});

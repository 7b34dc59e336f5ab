import { beforeAll, describe, expect, it } from "vitest";
import { seededRandom } from "../../kernel-lib/src/core/index.js";
import { type Experiment, parseExperiment } from "../../kernel-lib/src/experiments/config.js";
import type { Outcome } from "../../kernel-lib/src/experiments/outcome.js";
import { presetByName } from "../../kernel-lib/src/experiments/presets/index.js";
import { runSeed, type SeedOutcome } from "../../kernel-lib/src/experiments/run-seed.js";
import type { Params } from "../../kernel-lib/src/steps/index.js";
import { microMath } from "../../kernel-lib/src/tasks/index.js";
import { temporaryStore } from "../backends/fixtures.js";
import { type FakeRunner, fakeRunner, type SampleRequest } from "../methods/fake-runner.js";
import { nameOf } from "../methods/tiny-setting.js";

const { train, validation, test } = microMath.splits(0);
const all = [...train, ...validation, ...test];
const finals = new Map(
  all.map(({ question, reference }) => [microMath.prompt(question), reference.split("#### ")[1]!]),
);

/** Right in half of the cases, in words that are nobody's reference. */
function answer({ model, row, sample }: SampleRequest): string {
  const random = seededRandom("answer", nameOf(model), row.id, sample);
  return `${nameOf(model)} says #### ${random.next() < 0.5 ? finals.get(row.prompt) : 100 + random.below(3)}`;
}

const LIMIT = { train: 40, validation: 4, test: 6 };
const [supervised, unlabelled] = [train.slice(0, 20), train.slice(20, 40)];

/** The main experiment on a few questions, with fields of its own. */
function experiment(changes: object = {}): Experiment {
  const preset = presetByName("micro-math/main");
  const tiny = (base: typeof preset.bases.weak) => ({ ...base, corpusTokens: 500 });
  const bases = { ...preset.bases, weak: tiny(preset.bases.weak), strong: tiny(preset.bases.strong) };
  return parseExperiment({ ...preset, bases, limit: LIMIT, rounds: { ilr: 2, dpo: 2 }, ...changes });
}

interface SeedRun extends SeedOutcome {
  readonly runner: FakeRunner;
  readonly reported: readonly Outcome[];
  arm(name: string): readonly Outcome[];
}
async function run(config: Experiment, seed = 0): Promise<SeedRun> {
  const runner = fakeRunner({ answer, classify: (text) => seededRandom(text).next() });
  const reported: Outcome[] = [];
  const { store } = await temporaryStore();
  const outcome = await runSeed(config, seed, {
    runner,
    store,
    results: "nowhere",
    fromScratch: true,
    onOutcome: (o) => reported.push(o),
  });
  return { ...outcome, runner, reported, arm: (name) => outcome.outcomes.filter((row) => row.arm === name) };
}
/** Different models among the outputs of the steps with such a label. */
const models = ({ runner }: SeedRun, verb: "sft" | "dpo" | "evaluator", label: RegExp): number =>
  new Set(runner.callsOf(verb, label).map(({ outputs }) => outputs.model!.ref)).size;

describe("the main experiment, one seed", () => {
  let main: SeedRun;
  beforeAll(async () => {
    main = await run(experiment());
  });

  it("gives every arm its rounds, in order, and the weak supervisor a point", () => {
    for (const { name, method } of experiment().arms)
      expect([name, main.arm(name).map(({ round }) => round)]).toEqual([name, method.startsWith("sft") ? [0] : [1, 2]]);
    expect(main.arm("Weak supervisor").map(({ round, method }) => [round, method])).toEqual([[0, "weak"]]);
    expect(main.outcomes.length).toBe(1 + 2 + 8 * 2);
  });

  it("teaches the truth before there are weak labels: nobody waits for what they do not need", () => {
    const begins = (label: RegExp): number => main.runner.calls.findIndex((call) => label.test(call.label));
    expect(begins(/^SFT on ground truth$/)).toBeGreaterThan(-1);
    expect(begins(/^SFT on ground truth$/)).toBeLessThan(begins(/^SFT$/));
    expect(begins(/^SFT on ground truth$/)).toBeLessThan(begins(/^weak labels/));
  });

  it("reports every outcome as soon as it is known, the same that it returns", () => {
    expect(main.reported).toEqual(main.outcomes);
    expect(main.reported[0]!.arm).toBe("Weak supervisor");
  });

  it("estimates KL from the SFT model after every round, and not before", () => {
    for (const { round, kl } of main.outcomes) expect(kl !== undefined).toBe(round > 0);
  });

  it("has records of labels for ILR and of pairs for DPO", () => {
    for (const { method, labels, pairs, weakLabels } of main.outcomes)
      expect([labels, pairs, weakLabels].map(Boolean)).toEqual([
        method.endsWith("ilr"),
        method === "dpo",
        method === "weak",
      ]);
  });

  it("lets arms share what they have in common: the proposals and the samples of round 1, the evaluator", () => {
    expect(main.runner.callsOf("sft", /round 1: half model/).length).toBe(4 * 2);
    expect(models(main, "sft", /round 1: half model/)).toBe(2);
    expect(models(main, "sft", /round 2: half model/)).toBeGreaterThan(2);
    const samples = main.runner.callsOf("sample", /DPO.* round 1: samples$/);
    expect(samples.length).toBe(4);
    expect(new Set(samples.map(({ outputs }) => outputs.answers!.ref)).size).toBe(1);
    expect(main.runner.callsOf("evaluator").length).toBe(1);
  });

  it("runs the released flag in the arm that has it, and in no other", () => {
    const scores = (name: string) =>
      main.arm(name).flatMap(({ pairs }) => main.runner.rowsOf(pairs!).map(({ score }) => score));
    expect(scores("DPO (evaluator, as released)").every((score) => Math.abs(score - 0.5) < 1e-9)).toBe(true);
    expect(scores("DPO (evaluator)").some((score) => Math.abs(score - 0.5) > 0.01)).toBe(true);
  });

  it("gives no step a reference of the unlabelled half, of validation or of test, but to SFT on ground truth", () => {
    const known = new Set(supervised.map(({ reference }) => reference));
    const secrets = [...unlabelled, ...validation, ...test]
      .map(({ reference }) => reference)
      .filter((text) => !known.has(text));
    const knows = main.runner.calls.filter(({ rows, verb }) => {
      const text = verb === "pretrain" ? "" : JSON.stringify(rows);
      return secrets.some((secret) => text.includes(secret));
    });
    expect(knows.map(({ label }) => label)).toEqual(["SFT on ground truth"]);
    expect(knows[0]!.rows.demonstrations).toEqual(
      unlabelled.map(({ id, question, reference }) => ({ id, prompt: microMath.prompt(question), answer: reference })),
    );
  });

  it("trains on the unlabelled half's questions only, with the weak supervisor's and the evaluator's exceptions", () => {
    const ids = new Set(unlabelled.map(({ id }) => id));
    const trainings = [...main.runner.callsOf("sft"), ...main.runner.callsOf("dpo")].filter(
      ({ label }) => label !== "weak supervisor",
    );
    const strangers = trainings
      .flatMap(({ rows }) => (rows.demonstrations ?? rows.pairs) as readonly { id: string }[])
      .filter(({ id }) => !ids.has(id.split("/")[0]!));
    expect(strangers).toEqual([]);
  });

  it("tests every model on the same test questions", () => {
    const expected = test.slice(0, LIMIT.test).map(({ id }) => id);
    for (const { test: graded } of main.outcomes)
      expect(main.runner.rowsOf(graded).map(({ id }) => id)).toEqual(expected);
  });

  it("with the oracle never loses label accuracy", () => {
    for (const { labels } of main.arm("ILR (oracle)")) {
      const rows = main.runner.rowsOf(labels!);
      expect(
        rows.filter(({ accepted, labelCorrect, proposalCorrect }) => accepted && (labelCorrect || !proposalCorrect)),
      ).toEqual([]);
    }
  });
});

describe("an experiment's fields", () => {
  const ilr = { name: "A", method: "ilr", comparisons: { noisyOracle: 1 } };
  const dpo = { name: "B", method: "dpo", comparisons: { noisyOracle: 0.9 } };

  it("rounds, alpha, beta and lr of an arm override the experiment's", async () => {
    const arms = [
      { ...ilr, rounds: 1, alpha: 1, lr: 0.25 },
      { ...dpo, rounds: 3, alpha: 1, beta: 0.7, lr: 0.125 },
    ];
    const done = await run(experiment({ arms, kl: false, alpha: 0 }));
    expect(done.outcomes.map(({ arm, round }) => `${arm} ${round}`).sort()).toEqual([
      "A 1",
      "B 1",
      "B 2",
      "B 3",
      "Weak supervisor 0",
    ]);
    expect(done.runner.rowsOf(done.arm("A")[0]!.labels!).filter(({ accepted }) => accepted).length).toBeGreaterThan(0);
    const lrs = (label: RegExp) =>
      new Set(done.runner.callsOf("sft", label).map(({ params }) => (params as Params<"sft">).optimizer.lr));
    expect([lrs(/^A /), lrs(/^SFT$/)]).toEqual([new Set([0.25]), new Set([5e-4])]);
    const trainings = done.runner.callsOf("dpo").map(({ params }) => params as Params<"dpo">);
    expect(trainings.map(({ beta, optimizer }) => [beta, optimizer.lr])).toEqual([1, 2, 3].map(() => [0.7, 0.125]));
  });

  it("alpha 0 replaces no label and trains on no pair", async () => {
    const done = await run(experiment({ arms: [ilr, dpo], alpha: 0 }));
    expect(
      done.arm("A").flatMap(({ labels }) => done.runner.rowsOf(labels!).filter(({ accepted }) => accepted)),
    ).toEqual([]);
    expect(done.runner.callsOf("dpo")).toEqual([]);
  });

  it("no arm with the evaluator trains none; kl false estimates none", async () => {
    const done = await run(experiment({ arms: [ilr, dpo], kl: false }));
    expect(done.evaluator).toBeUndefined();
    expect(done.runner.callsOf("evaluator")).toEqual([]);
    expect([done.runner.callsOf("score"), done.outcomes.filter(({ kl }) => kl !== undefined)]).toEqual([[], []]);
  });

  it("seeds take base models in turn, and questions of their own", async () => {
    const arms = [{ name: "SFT", method: "sft" }];
    const runs = await Promise.all([0, 1, 7].map((seed) => run(experiment({ arms }), seed)));
    expect(runs.map(({ runner }) => runner.callsOf("pretrain").map(({ seed }) => seed))).toEqual([
      [0, 0],
      [1, 1],
      [0, 0],
    ]);
    const questions = runs.map(({ runner }) =>
      JSON.stringify(runner.callsOf("sample", /weak labels/)[0]!.rows.prompts),
    );
    expect(new Set(questions).size).toBe(3);
  });

  it("an arm that does not say where its comparisons come from is refused, by name", async () => {
    const config = experiment({ arms: [ilr] });
    const { comparisons: _, ...silent } = config.arms[0]!;
    await expect(run({ ...config, arms: [silent] })).rejects.toMatchObject({
      code: "config-invalid",
      message: expect.stringContaining('arm "A"'),
    });
  });

  it("an unknown task is refused before anything runs", async () => {
    await expect(run({ ...experiment(), task: "micro-maths" })).rejects.toMatchObject({
      code: "name-unknown",
      hint: expect.stringContaining("micro-math"),
    });
  });
});

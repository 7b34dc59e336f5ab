/**
 * No trainer ever sees what it must not: the tiny task's references hold phrases that no model says, and everything that
 * the methods give to steps is searched for them.
 */
import { beforeAll, describe, expect, it } from "vitest";
import {
  dpo,
  dropDoubtful,
  evaluator,
  groundTruth,
  ilr,
  keepAgreed,
  klDivergence,
  labelPairs,
  noisyOracle,
  oracle,
  random,
  refineByComparison,
  replaceAll,
  replaceAtRandom,
  replaceWhereTwoAgree,
  selfLabel,
  sft,
  sftOnChosen,
  trainEvaluator,
  weakSupervision,
} from "../../kernel-lib/src/methods/index.js";
import type { StepCall } from "./fake-runner.js";
import { asDescribed, asReleased, type TinyLab, tinyLab } from "./tiny-setting.js";

/** The arms that are ILR's loop: five of the paper, five that its reviewers asked for. */
const REFINERS = 10;

/** Everything in one seed: the paper's methods with every source, and what its reviewers asked for. */
async function everyMethod({ setting, runner }: TinyLab): Promise<void> {
  const weak = await weakSupervision(setting);
  const { model: student } = await sft(setting, setting.bases.strong, weak.labels, "SFT");
  const trained = await trainEvaluator(setting, weak);
  const sources = [evaluator(trained.model), oracle, noisyOracle(0.75), random];
  const reviewers = [dropDoubtful(noisyOracle(0.75)), keepAgreed, replaceAll, replaceWhereTwoAgree()];
  const refiners = [...sources.map((source) => refineByComparison(source)), replaceAtRandom(), ...reviewers];
  const loops = refiners.map((refine) => ({ refine, rounds: 2 }));
  const crossless = { refine: refineByComparison(noisyOracle(0.75)), propose: selfLabel, rounds: 2 };
  for (const [i, loop] of [...loops, crossless].entries())
    for await (const { model } of ilr(setting, weak.labels, { ...loop, name: `ILR ${i}` }))
      await klDivergence(setting, model, student, "KL");
  for (const comparisons of sources)
    for await (const { model } of dpo(setting, student, { comparisons, rounds: 2, name: `DPO ${comparisons.name}` }))
      await klDivergence(setting, model, student, "KL");
  const pairs = labelPairs(weak.labels);
  for await (const _ of dpo(setting, student, { comparisons: oracle, pairs, rounds: 2, name: "DPO on labels" }));
  for (const from of ["sft", "pretrained"] as const)
    for await (const _ of sftOnChosen(setting, student, {
      comparisons: oracle,
      from,
      rounds: 2,
      name: `Chosen, ${from}`,
    }));
  expect(new Set(runner.calls.map(({ verb }) => verb))).toEqual(
    new Set(["sft", "sample", "evaluator", "score", "dpo"]),
  );
}

const SECRET = /secret reasoning of (\w+-\d+) /g;
/** Ids of the questions whose references stand in a step's inputs. */
const secretsIn = (calls: readonly StepCall[]): Set<string> =>
  new Set(calls.flatMap(({ rows }) => [...JSON.stringify(rows).matchAll(SECRET)].map(([, id]) => id!)));

describe.each([
  ["as described", asDescribed],
  ["as released", asReleased],
])("over every method and source, %s", (_, fidelity) => {
  let lab: TinyLab;
  let supervised: Set<string>;
  beforeAll(async () => {
    lab = await tinyLab({ fidelity });
    supervised = new Set(lab.runner.rowsOf(lab.setting.supervised.questions).map(({ id }) => id));
    await everyMethod(lab);
  });

  it("no step input holds a reference of the unlabelled half, of validation or of test", () => {
    expect([...secretsIn(lab.runner.calls)].filter((id) => !supervised.has(id))).toEqual([]);
  });

  it("references of the supervised half reach the weak supervisor and the evaluator, and nobody else", () => {
    const { runner } = lab;
    expect(secretsIn(runner.callsOf("sft", /^weak supervisor$/))).toEqual(supervised);
    expect(secretsIn(runner.callsOf("evaluator")).size).toBeGreaterThan(5);
    const others = runner.calls.filter(({ verb, label }) => verb !== "evaluator" && label !== "weak supervisor");
    expect(secretsIn(others)).toEqual(new Set());
  });

  it("no training, and no comparison, is about a question of validation or test", () => {
    const { runner } = lab;
    const trainings = [
      ...runner.callsOf("sft"),
      ...runner.callsOf("dpo"),
      ...runner.callsOf("evaluator"),
      ...runner.callsOf("score", /comparisons/),
    ];
    expect(trainings.filter(({ rows }) => /(validation|test)-\d/.test(JSON.stringify(rows)))).toEqual([]);
  });

  it("test questions are answered for test accuracy only, validation questions for KL only", () => {
    const askedAbout = (split: string) =>
      lab.runner.callsOf("sample").filter(({ rows }) => JSON.stringify(rows.prompts).includes(`${split}-`));
    expect(askedAbout("test").filter(({ label }) => !label.endsWith("test answers"))).toEqual([]);
    expect(askedAbout("validation").filter(({ label }) => !label.includes("KL"))).toEqual([]);
  });

  it("the student of every round learns answers that models wrote", () => {
    const students = lab.runner.callsOf("sft", /student/);
    expect(students.length).toBe(REFINERS * 2);
    const written = /^(weak supervisor|ILR \d round \d: (half model \d|model of all labels)) (says|rambles)/;
    expect(
      students
        .flatMap(({ rows }) => rows.demonstrations as readonly { answer: string }[])
        .filter(({ answer }) => !written.test(answer)),
    ).toEqual([]);
  });
});

describe("the search itself", () => {
  it("finds the references that SFT on ground truth is meant to see", async () => {
    const { setting, runner, ids } = await tinyLab();
    await sft(setting, setting.bases.strong, await groundTruth(setting, setting.unlabelled), "SFT on ground truth");
    expect(secretsIn(runner.calls)).toEqual(new Set(ids));
  });
});

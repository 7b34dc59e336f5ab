/** What each flag changes, and that it changes nothing else: the steps of all methods, as described and with one flag as released. */
import { beforeAll, describe, expect, it } from "vitest";
import { seededRandom } from "../../kernel-lib/src/core/index.js";
import {
  dpo,
  evaluator,
  type Fidelity,
  ilr,
  oracle,
  refineByComparison,
  replaceAtRandom,
  sft,
  trainEvaluator,
  weakSupervision,
} from "../../kernel-lib/src/methods/index.js";
import type { Params } from "../../kernel-lib/src/steps/index.js";
import type { StepCall } from "./fake-runner.js";
import { asReleased, tinyLab, tinyTask } from "./tiny-setting.js";

/** A classifier with opinions about texts, and a bias for position B. */
const classify = (text: string): number => 0.2 + 0.6 * seededRandom(text).next();

/** Two rounds of every method; models answer by name, so that only what a step is given can differ. */
async function stepsOf(fidelity: Partial<Fidelity>): Promise<ReadonlyMap<string, StepCall>> {
  const task = tinyTask({ train: 80, validation: 2, test: 4 });
  const lab = await tinyLab({ task, fidelity, classify, recipe: { alpha: 0.1 } });
  const { setting, runner } = lab;
  const weak = await weakSupervision(setting);
  const { model: student } = await sft(setting, setting.bases.strong, weak.labels, "SFT");
  const trained = await trainEvaluator(setting, weak);
  const source = evaluator(trained.model);
  for (const [name, comparisons] of [
    ["evaluator", source],
    ["oracle", oracle],
  ] as const) {
    for await (const _ of dpo(setting, student, { comparisons, rounds: 2, name: `DPO (${name})` }));
    const refine = refineByComparison(comparisons);
    for await (const _ of ilr(setting, weak.labels, { refine, rounds: 2, name: `ILR (${name})` }));
  }
  for await (const _ of ilr(setting, weak.labels, { refine: replaceAtRandom(), rounds: 2, name: "Naive ILR" }));
  return new Map(runner.calls.map((call) => [`${call.verb} ${call.label}`, call]));
}

/** What a step's key is made of, as far as the step itself goes: names of models stand for their content. */
const documentOf = ({ params, rows, models, seed }: StepCall): object => ({
  ...{ params, rows, seed },
  models: Object.fromEntries(
    Object.entries(models).map(([name, model]) => [name, `${model.name} ${model.checkpoint}`]),
  ),
});

describe("a flag as released", () => {
  let described: ReadonlyMap<string, StepCall>;
  beforeAll(async () => {
    described = await stepsOf({});
  });

  async function changedBy(flag: keyof Fidelity): Promise<readonly [StepCall, StepCall][]> {
    const released = await stepsOf({ [flag]: "as-released" });
    expect([...released.keys()].sort()).toEqual([...described.keys()].sort());
    return [...described].flatMap(([name, before]): [StepCall, StepCall][] => {
      const after = released.get(name)!;
      return JSON.stringify(documentOf(before)) === JSON.stringify(documentOf(after)) ? [] : [[before, after]];
    });
  }
  const labels = (changed: readonly [StepCall, StepCall][]): readonly string[] => changed.map(([{ label }]) => label);

  it.each([
    [
      "F1",
      "dpoEvaluatorOrder",
      /^DPO \(evaluator\)/,
      ["DPO (evaluator) round 1: comparisons", "DPO (evaluator) round 1"],
    ],
    ["F2", "alphaBase", /^(Naive )?ILR/, ["ILR (evaluator) round 1: student", "Naive ILR round 1: student"]],
    ["F3", "oracleCap", /^ILR \(oracle\)/, ["ILR (oracle) round 1: student"]],
    ["F9", "oraclePairs", /^DPO \(oracle\)/, ["DPO (oracle) round 1", "DPO (oracle) round 2"]],
  ] as const)("%s (%s) changes steps of its own methods only", async (_, flag, those, among) => {
    const changed = labels(await changedBy(flag));
    expect(changed.filter((label) => !those.test(label))).toEqual([]);
    expect(changed).toEqual(expect.arrayContaining([...among]));
  });

  it("F4 asks the evaluator with BOS, in ILR and in DPO, and changes no training", async () => {
    const changed = await changedBy("evaluatorBos");
    expect(labels(changed).toSorted()).toEqual([
      "DPO (evaluator) round 1: comparisons",
      "DPO (evaluator) round 2: comparisons",
      "ILR (evaluator) round 1: comparisons",
      "ILR (evaluator) round 2: comparisons",
    ]);
    for (const [before, after] of changed) expect(after.params).toEqual({ ...before.params, bos: true });
  });

  it("F5 decodes every answer at temperature 0 by beams of width 4, and no other", async () => {
    const changed = await changedBy("decoding");
    const greedy = [...described.values()].filter(
      ({ verb, params }) => verb === "sample" && (params as Params<"sample">).decoding.kind === "greedy",
    );
    expect(labels(changed)).toEqual(greedy.map(({ label }) => label));
    for (const [, { params }] of changed)
      expect((params as Params<"sample">).decoding).toEqual({ kind: "beam", width: 4 });
  });

  it("F6 averages the loss over examples, in every SFT and nowhere else", async () => {
    const changed = await changedBy("lossWeighting");
    const trainings = [...described.values()].filter(({ verb }) => verb === "sft");
    expect(labels(changed)).toEqual(trainings.map(({ label }) => label));
    for (const [before, after] of changed) {
      expect((before.params as Params<"sft">).lossWeighting).toBe("per-token");
      expect(after.params).toEqual({ ...before.params, lossWeighting: "per-example" });
    }
  });

  it("F7 moves DPO's reference from the second round on", async () => {
    const changed = await changedBy("dpoReference");
    expect(labels(changed).toSorted()).toEqual(["DPO (evaluator) round 2", "DPO (oracle) round 2"]);
    for (const [before, after] of changed)
      expect([before.models.reference?.name, after.models.reference]).toEqual(["SFT", undefined]);
  });

  it("F8 changes no step: only judges see an order", async () => {
    expect(await changedBy("judgeOrder")).toEqual([]);
  });

  it("has a test here", () => {
    expect(Object.keys(asReleased)).toHaveLength(9);
  });
});

import { describe, expect, it } from "vitest";
import {
  type ComparisonSource,
  dpo,
  oracle,
  type PairRecord,
  random,
  type SftOnChosenOptions,
  sftOnChosen,
} from "../../kernel-lib/src/methods/index.js";
import type { Demonstration, PreferencePair } from "../../kernel-lib/src/steps/index.js";
import { scoredBy } from "./label-cases.js";
import { finalOf, idOf, malformed, nameOf, type TinyLab, type TinyOptions, tinyLab, tinyTask } from "./tiny-setting.js";

interface ChosenRun extends TinyLab {
  readonly records: readonly (readonly PairRecord[])[];
  /** Names of the models after each round. */
  readonly models: readonly string[];
}

async function runChosen(
  from: SftOnChosenOptions["from"],
  comparisons: ComparisonSource | ((lab: TinyLab) => ComparisonSource) = random,
  options: TinyOptions = {},
): Promise<ChosenRun> {
  const lab = await tinyLab({ task: tinyTask({ train: 80, validation: 2, test: 2 }), ...options });
  const { runner, setting } = lab;
  const source = typeof comparisons === "function" ? comparisons(lab) : comparisons;
  const records: (readonly PairRecord[])[] = [];
  const models: string[] = [];
  for await (const round of sftOnChosen(setting, runner.putModel("SFT model"), {
    ...{ comparisons: source, from, rounds: 3, name: "Chosen" },
  })) {
    records.push(runner.rowsOf(round.pairs));
    models.push(runner.modelOf(round.model).name);
  }
  return { ...lab, records, models };
}

/** The chosen answers of a round's selected pairs, by question; malformed ones are never trained on. */
const chosenOf = (rows: readonly PairRecord[]): string[][] =>
  rows
    .filter(({ selected }) => selected)
    .map(({ questionId, a, b, score }) => [questionId, score > 0.5 ? b : a])
    .filter(([, answer]) => finalOf(answer!) !== undefined)
    .sort();
const trainedOn = (rows: readonly Demonstration[]): string[][] =>
  rows.map(({ prompt, answer }) => [idOf(prompt), answer]).sort();

describe("SFT on chosen answers", () => {
  it("continuing from SFT, learns each round's chosen answers from the last round's model", async () => {
    const { runner, records, models } = await runChosen("sft");
    const trainings = runner.callsOf("sft", /^Chosen/);
    expect(trainings.map((call) => call.models.model!.name)).toEqual(["SFT model", "Chosen round 1", "Chosen round 2"]);
    expect(trainings.map(({ rows }) => trainedOn(rows.demonstrations as Demonstration[]))).toEqual(
      records.map(chosenOf),
    );
    expect(models).toEqual(["Chosen round 1", "Chosen round 2", "Chosen round 3"]);
  });

  it("from the pretrained weights, learns the chosen answers of all rounds so far", async () => {
    const { runner, records } = await runChosen("pretrained");
    const trainings = runner.callsOf("sft", /^Chosen/);
    expect(trainings.map((call) => call.models.model!.name)).toEqual(["strong base", "strong base", "strong base"]);
    expect(trainings.map(({ rows }) => trainedOn(rows.demonstrations as Demonstration[]))).toEqual(
      [1, 2, 3].map((round) => records.slice(0, round).flatMap(chosenOf).sort()),
    );
    // The policy that is asked for pairs is the last round's, as in DPO.
    expect(runner.callsOf("sample", /samples$/).map((call) => call.models.model!.name)).toEqual([
      "SFT model",
      "Chosen round 1",
      "Chosen round 2",
    ]);
  });

  it("gives every demonstration an id of its own", async () => {
    const { runner } = await runChosen("pretrained");
    for (const { rows } of runner.callsOf("sft", /^Chosen/)) {
      const ids = (rows.demonstrations as Demonstration[]).map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
    }
  });

  it("in round 1 has the samples, the comparisons and the selection of DPO", async () => {
    const { runner, setting, records } = await runChosen("sft", oracle);
    const start = runner.callsOf("sample", /samples$/)[0]!.models.model!;
    expect(start.name).toBe("SFT model");
    const model = runner.putModel("SFT model");
    for await (const { pairs } of dpo(setting, model, { comparisons: oracle, rounds: 1, name: "DPO" }))
      expect(runner.rowsOf(pairs)).toEqual(records[0]);
    const [dpoCall] = runner.callsOf("dpo");
    const chosen = (dpoCall!.rows.pairs as PreferencePair[]).map(({ prompt, chosen: text }) => [idOf(prompt), text]);
    expect(chosen.filter(([, text]) => finalOf(text!) !== undefined).sort()).toEqual(chosenOf(records[0]!));
  });

  it.each([
    "sft",
    "pretrained",
  ] as const)("from %s, where nothing is preferred, keeps the model and trains nothing", async (from) => {
    const { runner, models } = await runChosen(from, (lab) => scoredBy(lab.runner, () => 0.5));
    expect(runner.callsOf("sft", /^Chosen/)).toEqual([]);
    expect(models).toEqual(["SFT model", "SFT model", "SFT model"]);
  });

  it("says so where no chosen answer is well-formed", async () => {
    const answer = ({ model, row, sample }: Parameters<NonNullable<TinyOptions["answer"]>>[0]) =>
      `${malformed(idOf(row.prompt), nameOf(model))} ${sample}`;
    await expect(runChosen("sft", random, { answer })).rejects.toMatchObject({
      code: "step-failed",
      message: expect.stringContaining("none of the"),
    });
  });
});

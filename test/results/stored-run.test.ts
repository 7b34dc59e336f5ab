import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Project, type RunRecord, writeRun } from "../../kernel-lib/src/experiments/index.js";
import { lab, type Run } from "../../kernel-lib/src/lab.js";
import { type DisplayMetadata, render } from "../../kernel-lib/src/notebook/index.js";
import { type LabelOutcome, labelOutcome, storedAnswers, storedLabels } from "../../kernel-lib/src/results/index.js";
import { openStore, type Store } from "../../kernel-lib/src/store/index.js";
import { taskByName } from "../../kernel-lib/src/tasks/index.js";
import { smallExperiment } from "../experiments/fixture.js";
import { pretendingBackend } from "../experiments/pretending-backend.js";

let project: Project;
let run: Run;
let record: RunRecord;
let store: Store;

/** A small experiment of two seeds, run by a backend that makes answers up. */
beforeAll(async () => {
  const root = await mkdtemp(join(tmpdir(), "ilr-stored-"));
  project = { root, results: join(root, "results"), store: join(root, "store"), data: join(root, "data") };
  const experiment = smallExperiment("seeds=[0,1]");
  run = await lab.run(experiment, { project, backend: pretendingBackend(), progress: false });
  record = run.record;
  store = await openStore(project.store);
});
afterAll(() => rm(project.root, { recursive: true, force: true }));

describe("the answers of a run", () => {
  it("are those that its points count, of every arm and seed, to questions of the test split", async () => {
    const arms = [...new Set(record.points.map(({ arm }) => arm))];
    expect(arms).toContain("Weak supervisor");
    for (const seed of [0, 1]) {
      const { test: all } = await taskByName("micro-math").splits(seed);
      const test = all.slice(0, 8);
      const rows = await storedAnswers(record, store, { seed, questions: 100 });
      expect(rows.map(({ question }) => question).sort()).toEqual(test.map(({ question }) => question).sort());
      const byQuestion = new Map(rows.map((row) => [row.question, row]));
      for (const arm of arms) {
        const last = record.points.filter((point) => point.arm === arm && point.seed === seed).at(-1)!;
        const correct = test.map(({ question }) => byQuestion.get(question)!.answers[arm]);
        expect(correct.map((answer) => (typeof answer === "object" && answer.correct ? "1" : "0")).join("")).toBe(
          last.correct,
        );
      }
      for (const { question, reference } of rows) {
        expect(test.find((row) => row.question === question)?.reference).toBe(reference);
      }
    }
  });

  it("are a few, of the arms asked for, and the same ones each time", async () => {
    const rows = await run.answers({ arms: ["SFT", "DPO"], questions: 3 });
    expect(rows).toHaveLength(3);
    for (const { answers } of rows) expect(Object.keys(answers)).toEqual(["SFT", "DPO"]);
    expect(await run.answers({ arms: ["SFT", "DPO"], questions: 3 })).toEqual(rows);
    expect(render(rows).data["text/plain"]).toMatch(/^3 questions, right: SFT \d\/3, DPO \d\/3/);
  });

  it("are refused by name, and where the store does not have them", async () => {
    await expect(run.answers({ arms: ["SFTT"] })).rejects.toMatchObject({
      code: "name-unknown",
      hint: 'did you mean "SFT"?',
    });
    await expect(run.answers({ seed: 7 })).rejects.toMatchObject({ code: "name-unknown", hint: "it has 0, 1" });
    const empty = await openStore(join(project.root, "empty"));
    const elsewhere = { ...record };
    await expect(storedAnswers(elsewhere, empty)).rejects.toMatchObject({ code: "input-missing" });
    // An answer that is not the one that was counted is none.
    const changed = { ...record, points: record.points.map((point) => ({ ...point, correct: `${point.correct}1` })) };
    await expect(storedAnswers(changed, store)).rejects.toMatchObject({ code: "input-missing" });
  });
});

describe("the label changes of a run", () => {
  it("are those that its points count, of every arm, round and seed", async () => {
    const refined = record.points.filter(({ accepted }) => accepted !== null);
    expect(refined).toHaveLength(8);
    for (const { arm, round, seed, accepted, fixed, broken, labelAccuracy } of refined) {
      const rows = await storedLabels(record, store, { arm, round, seed });
      const replaced = rows.filter((row) => row.accepted);
      expect(replaced).toHaveLength(accepted!);
      expect(replaced.filter((row) => !row.correctBefore && row.correctAfter)).toHaveLength(fixed!);
      expect(replaced.filter((row) => row.correctBefore && !row.correctAfter)).toHaveLength(broken!);
      const right = rows.filter((row) => (row.accepted ? row.correctAfter : row.correctBefore)).length;
      expect(right / rows.length).toBeCloseTo(labelAccuracy!);
      for (const { question } of rows) expect(question).toMatch(/ /);
    }
  });

  it("go on from round to round: what one leaves, the next begins with", async () => {
    const [first, second] = [await run.labelChanges({ arm: "ILR", round: 1 }), await run.labelChanges({ arm: "ILR" })];
    const left = first.map((row) => (row.accepted ? row.after : row.before));
    expect(second.map(({ before }) => before)).toEqual(left);
    expect(render(first).data["text/plain"]).toMatch(/^\d+ of 20 labels replaced/);
  });

  it("are filtered by kind of question, outcome and belief, and together they are all of them", async () => {
    const all = await run.labelChanges({ arm: "ILR", round: 1 });
    const kinds = [...new Set(all.map(({ category }) => category!))];
    expect(kinds.length).toBeGreaterThan(1);
    const byKind = await Promise.all(kinds.map((category) => run.labelChanges({ arm: "ILR", round: 1, category })));
    expect(byKind.flat()).toHaveLength(all.length);
    byKind.forEach((rows, i) => void expect(rows.every(({ category }) => category === kinds[i])).toBe(true));
    const { fixed, broken, accepted } = record.points.find(({ arm, round }) => arm === "ILR" && round === 1)!;
    const having = async (outcome: LabelOutcome) =>
      (await run.labelChanges({ arm: "ILR", round: 1, seed: 0, outcome })).length;
    expect([await having("fixed"), await having("broken")]).toEqual([fixed, broken]);
    expect(await having("kept")).toBe(all.length - accepted!);
    const compared = await run.labelChanges({ arm: "ILR", round: 1, score: [0, 1] });
    expect(compared).toHaveLength(all.filter(({ score }) => score !== null).length);
    const [low, high] = [
      await run.labelChanges({ arm: "ILR", round: 1, score: [0, 0.4] }),
      await run.labelChanges({ arm: "ILR", round: 1, score: [0.4, 1] }),
    ];
    expect(low.length * high.length).toBeGreaterThan(0);
    expect(low.length + high.length).toBe(compared.length);
  });

  it("are browsed in a figure whose menu shows a view's points and table, and nothing else", async () => {
    const figure = await run.refinements({ arm: "ILR" });
    const [menu] = figure.layout!.updatemenus as unknown as {
      buttons: { label: string; args: [{ visible: boolean[] }, Record<string, string>] }[];
    }[];
    expect(figure.data.map(({ visible }) => visible)).toEqual(menu!.buttons[0]!.args[0].visible);
    const shownTimes = figure.data.map((_, at) => menu!.buttons.filter(({ args }) => args[0].visible[at]).length);
    expect(new Set(shownTimes)).toEqual(new Set([1]));
    const all = [
      ...(await run.labelChanges({ arm: "ILR", round: 1 })),
      ...(await run.labelChanges({ arm: "ILR", round: 2 })),
    ];
    for (const { label, args } of menu!.buttons) {
      const meant = all.filter(
        (row) =>
          label === "all labels" ||
          label === `only ${labelOutcome(row)}` ||
          label === `round ${row.round}` ||
          label === `questions: ${row.category}`,
      );
      const traces = figure.data.filter((_, at) => args[0].visible[at]);
      const points = traces.filter(({ type }) => type === "scatter").flatMap(({ x }) => x as number[]);
      const compared = meant.flatMap(({ score }) => score ?? []);
      expect(points.sort()).toEqual(compared.sort());
      const table = traces.find(({ type }) => type === "table") as unknown as { cells: { values: string[][] } };
      expect(table.cells.values[1]).toHaveLength(Math.min(40, meant.filter(({ accepted }) => accepted).length));
      expect(args[1]["title.subtitle.text"]).toMatch(new RegExp(`^${meant.length} labels`));
    }
    expect((render(figure).metadata["ilr-lab"] as DisplayMetadata).provenance).toBeDefined();
    await expect(run.refinements({ arm: "DPO" })).rejects.toMatchObject({ code: "config-invalid" });
  });

  it("are refused for arms without any, and by name", async () => {
    await expect(run.labelChanges({ arm: "DPO" })).rejects.toMatchObject({
      code: "config-invalid",
      hint: expect.stringContaining("ILR"),
    });
    await expect(run.labelChanges({ arm: "ILR", round: 9 })).rejects.toMatchObject({
      code: "name-unknown",
      hint: "it has 1, 2",
    });
  });
});

describe("what a run shows", () => {
  const shown = (value: unknown): DisplayMetadata => render(value).metadata["ilr-lab"] as DisplayMetadata;

  it("says where it comes from, whether it was run here or recorded", async () => {
    await writeRun(join(project.results, "a", "run"), record);
    const recorded = await lab.recorded("a/run", project);
    for (const [each, isRecorded] of [
      [run, false],
      [recorded, true],
    ] as const) {
      const values = {
        summary: each,
        table: each.frame("arms").select("arm", "accuracy"),
        figure: each.figure("accuracy-by-round"),
        claims: each.verdicts(),
        answers: await each.answers(),
        labels: await each.labelChanges({ arm: "ILR" }),
      };
      for (const [kind, value] of Object.entries(values)) {
        const { provenance, ...rest } = shown(value);
        expect(rest.kind).toBe(kind);
        expect(provenance).toMatchObject({ recorded: isRecorded, seeds: [0, 1], backend: "pretending" });
        expect(provenance!.counts).toEqual(record.provenance.counts);
        expect(JSON.parse(JSON.stringify(provenance))).toEqual(provenance);
      }
    }
    expect(run.answers).toBeTypeOf("function");
  });

  it("names the steps behind it: those that trained the models of its arms", () => {
    const steps = (arms: readonly string[]): readonly (string | null)[] => [
      ...new Set(record.points.filter(({ arm }) => arms.includes(arm)).map(({ step }) => step)),
    ];
    const all = [...new Set(record.points.map(({ arm }) => arm))];
    expect(shown(run).provenance?.keys).toEqual(steps(all));
    expect(shown(run.figure("label-accuracy")).provenance?.keys).toEqual(
      steps(["Weak supervisor", "ILR", "Naive ILR"]),
    );
    expect(shown(run.frame("labels")).provenance?.keys).toEqual(steps(["ILR", "Naive ILR"]));
    for (const key of steps(all)) expect(record.provenance.keys).toContain(key);
  });
});

import { describe, expect, it } from "vitest";
import { correctLabels, groundTruth, sft, weakSupervision } from "../../kernel-lib/src/methods/index.js";
import type { Demonstration } from "../../kernel-lib/src/steps/index.js";
import { microMath } from "../../kernel-lib/src/tasks/index.js";
import type { SampleRequest } from "./fake-runner.js";
import { finalOf, idOf, malformed, nameOf, right, tinyLab, tinyTask } from "./tiny-setting.js";

const idsOf = (rows: readonly object[] | undefined): string[] =>
  (rows as readonly { id: string }[]).map(({ id }) => id);

describe("the splits of a setting", () => {
  it("are disjoint, and halve the training questions", async () => {
    for (const train of [40, 41]) {
      const { runner, setting } = await tinyLab({ task: tinyTask({ train, validation: 6, test: 10 }) });
      const { supervised, unlabelled, validation, test } = setting;
      const splits = [supervised, unlabelled, validation, test].map(({ questions }) => idsOf(runner.rowsOf(questions)));
      expect(splits.map((ids) => ids.length)).toEqual([20, train - 20, 6, 10]);
      expect(new Set(splits.flat()).size).toBe(train + 16);
    }
  });

  it("show the question in prompts and nothing of the reference (micro-math)", async () => {
    const task = { ...microMath, sizes: { train: 60, validation: 10, test: 10 } };
    const { runner, setting } = await tinyLab({ task });
    for (const { prompts, questions } of [setting.supervised, setting.unlabelled, setting.validation, setting.test]) {
      const expected = runner
        .rowsOf(questions)
        .map(({ id, question }) => ({ id, prompt: `USER:\n${question}\n\nASSISTANT:\n` }));
      expect(runner.rowsOf(prompts)).toEqual(expected);
    }
  });
});

describe("weak supervision", () => {
  it("trains the weak base on the ground truth of the supervised half, all of it and nothing else", async () => {
    const { runner, setting } = await tinyLab();
    await weakSupervision(setting);
    const [call, ...more] = runner.callsOf("sft");
    expect(more).toEqual([]);
    expect(call!.models.model!.name).toBe("weak base");
    const truth = runner
      .rowsOf(setting.supervised.questions)
      .map(({ id, reference }) => ({ id, prompt: `prompt of ${id}`, answer: reference }));
    expect(call!.rows.demonstrations).toEqual(truth);
  });

  it("labels the unlabelled half only, each question with the weak model's own answer, in order", async () => {
    const { runner, setting, ids } = await tinyLab();
    const weak = await weakSupervision(setting);
    const labels = runner.rowsOf(weak.labels);
    expect(idsOf(labels)).toEqual(ids);
    expect(labels.every(({ prompt }, i) => prompt === `prompt of ${ids[i]}`)).toBe(true);
    const [call] = runner.callsOf("sample", /^weak labels$/);
    const answers = runner.rowsOf(call!.outputs.answers!) as readonly { id: string; answer: string }[];
    expect(labels.map(({ answer }) => answer)).toEqual(answers.map(({ answer }) => answer));
    expect(answers.every(({ answer }) => answer.startsWith("weak supervisor "))).toBe(true);
  });

  it("grades its labels by the task's metric, and hands out its checkpoints, earliest first", async () => {
    const { runner, setting } = await tinyLab();
    const weak = await weakSupervision(setting);
    for (const { id, answer, score } of runner.rowsOf(weak.graded!))
      expect(score).toBe(Number(finalOf(answer) === id.split("-")[1]));
    expect(weak.checkpoints.map((artifact) => runner.modelOf(artifact).checkpoint)).toEqual(
      [1, 2, 3, 4].map((k) => `checkpoint-0${k}`),
    );
  });
});

describe("supervised fine-tuning", () => {
  it("drops malformed labels and keeps the others in order", async () => {
    const answer = ({ model, row }: SampleRequest) =>
      (Number(idOf(row.prompt).split("-")[1]) % 3 ? right : malformed)(idOf(row.prompt), nameOf(model));
    const { runner, setting, ids } = await tinyLab({ answer });
    const weak = await weakSupervision(setting);
    await sft(setting, setting.bases.strong, weak.labels, "student");
    const [call] = runner.callsOf("sft", /student/);
    expect(idsOf(call!.rows.demonstrations)).toEqual(ids.filter((id) => Number(id.split("-")[1]) % 3 !== 0));
    expect(call!.models.model!.name).toBe("strong base");
  });

  it("on no well-formed label is refused, and trains nothing", async () => {
    const { runner, setting } = await tinyLab({ answer: ({ row }) => malformed(idOf(row.prompt)) });
    const weak = await weakSupervision(setting);
    await expect(sft(setting, setting.bases.strong, weak.labels, "student")).rejects.toMatchObject({
      code: "step-failed",
      message: expect.stringContaining("none of the 20 labels"),
    });
    expect(runner.callsOf("sft", /student/)).toEqual([]);
  });

  it("on ground truth uses the references of the split that it is asked for", async () => {
    const { runner, setting } = await tinyLab();
    const truth = runner.rowsOf(await groundTruth(setting, setting.unlabelled)) as readonly Demonstration[];
    expect(truth.map(({ answer }) => answer)).toEqual(
      runner.rowsOf(setting.unlabelled.questions).map(({ reference }) => reference),
    );
  });
});

describe("correct labels (cor)", () => {
  it("are the weak labels that score as right, in order, and no others", async () => {
    const { runner, setting } = await tinyLab();
    const weak = await weakSupervision(setting);
    const kept = runner.rowsOf(await correctLabels(setting, weak));
    expect(kept).toEqual(runner.rowsOf(weak.labels).filter(({ id, answer }) => finalOf(answer) === id.split("-")[1]));
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.length).toBeLessThan(runner.rowsOf(weak.labels).length);
  });

  it("cannot be had where only a judge could tell", async () => {
    const { setting } = await tinyLab({ task: { ...tinyTask(), grading: "judged" } });
    const weak = await weakSupervision(setting);
    expect(weak.graded).toBeUndefined();
    await expect(correctLabels(setting, weak)).rejects.toMatchObject({ code: "unsupported" });
  });
});

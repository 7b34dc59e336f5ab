import { expect, it } from "vitest";
import { ilr, oracle, refineByComparison, selfLabel, sft } from "../../kernel-lib/src/methods/index.js";
import type { Demonstration } from "../../kernel-lib/src/steps/index.js";
import { finalOf, labelsOf, right, tinyLab, wrong } from "./tiny-setting.js";

it("one model, trained on all labels from the pretrained weights, answers them all: the last student, so nothing is trained twice", async () => {
  const { runner, setting, ids } = await tinyLab();
  const start = runner.put(labelsOf(ids, (id, i) => (i % 2 ? right : wrong)(id, "weak", 0)));
  const { model: student } = await sft(setting, setting.bases.strong, start, "SFT");
  const students = [student];
  let labels: readonly Demonstration[] = runner.rowsOf(start);
  const options = { refine: refineByComparison(oracle), propose: selfLabel, rounds: 3, name: "Self" };
  for await (const round of ilr(setting, start, options)) {
    const [trained] = runner.callsOf("sft", new RegExp(`^Self round ${round.round}: model of all labels$`));
    expect(trained!.models.model!.name).toBe("strong base");
    expect(trained!.rows.demonstrations).toEqual(labels.filter(({ answer }) => finalOf(answer) !== undefined));
    expect(trained!.outputs.model!.ref).toBe(students.at(-1)!.ref);
    expect(runner.rowsOf(round.records).map(({ id }) => id)).toEqual(ids);
    const [asked] = runner.callsOf("sample", new RegExp(`^Self round ${round.round}: model of all labels: proposals$`));
    expect(asked!.rows.prompts).toEqual(ids.map((id) => ({ id, prompt: `prompt of ${id}` })));
    students.push(round.model);
    labels = runner.rowsOf(round.labels);
  }
  expect(students).toHaveLength(4);
});

import { describe, expect, it } from "vitest";
import { ilr, type LabelRecord, replaceWhereTwoAgree } from "../../kernel-lib/src/methods/index.js";
import type { AnswerRow, Demonstration } from "../../kernel-lib/src/steps/index.js";
import { finalOf, labelsOf, malformed, right, type TinyLab, tinyLab, tinyTask, wrong } from "./tiny-setting.js";

interface EnsembleRun extends TinyLab {
  readonly records: readonly (readonly LabelRecord[])[];
}

/** 60 labels, a third of each kind, refined for two rounds. */
async function runEnsemble(alpha?: number, seed = 0): Promise<EnsembleRun> {
  const lab = await tinyLab({ task: tinyTask({ train: 120, validation: 2, test: 2 }), seed });
  const { runner, setting, ids } = lab;
  const labels = runner.put(labelsOf(ids, (id, i) => [right, wrong, malformed][i % 3]!(id, "weak")));
  const records: (readonly LabelRecord[])[] = [];
  const refine = replaceWhereTwoAgree(alpha);
  for await (const round of ilr(setting, labels, { refine, rounds: 2, name: "E" }))
    records.push(runner.rowsOf(round.records));
  return { ...lab, records };
}

/** The two models of a round that were asked about a question, by when they were asked. */
const opinions = ({ runner }: TinyLab, round: number, id: string) =>
  ["half model", "second opinion: half model"].map((who) => {
    const calls = runner.callsOf("sample", new RegExp(`^E round ${round}: ${who}`));
    const call = calls.find(({ rows }) => (rows.prompts as readonly { id: string }[]).some((row) => row.id === id))!;
    const answers = runner.rowsOf(call.outputs.answers!) as readonly AnswerRow[];
    return { model: call.models.model!, answer: answers.find((row) => row.id === id)!.answer };
  });

describe("where two models agree against a label", () => {
  it("it is replaced by the first one's answer, and nowhere else, if alpha allows", async () => {
    const run = await runEnsemble(1);
    for (const [i, records] of run.records.entries()) {
      for (const { id, label, proposal, accepted } of records) {
        const [first, second] = opinions(run, i + 1, id).map(({ answer }) => answer);
        expect(proposal).toBe(first);
        const agree = finalOf(first!) !== undefined && finalOf(first!) === finalOf(second!);
        expect(accepted).toBe(agree && finalOf(first!) !== finalOf(label));
      }
      expect(records.filter(({ accepted }) => accepted).length).toBeGreaterThan(5);
    }
  });

  it("neither was trained on it, and their halves differ", async () => {
    const run = await runEnsemble(1);
    for (const round of [1, 2]) {
      for (const id of run.ids) {
        for (const { model } of opinions(run, round, id))
          expect((model.trainedOn.demonstrations as readonly Demonstration[]).map((row) => row.id)).not.toContain(id);
      }
      const halves = ["half model 1", "second opinion: half model 1"].map((who) => {
        const [call] = run.runner.callsOf("sample", new RegExp(`^E round ${round}: ${who}`));
        return JSON.stringify((call!.rows.prompts as readonly { id: string }[]).map(({ id }) => id).sort());
      });
      expect(halves[0]).not.toBe(halves[1]);
    }
  });

  it("at most a share alpha is replaced, drawn at random among those that could be", async () => {
    const capped = (await runEnsemble(0.1)).records[0]!.filter(({ accepted }) => accepted);
    const all = (await runEnsemble(1)).records[0]!.filter(({ accepted }) => accepted);
    expect(all.length).toBeGreaterThan(6);
    expect(capped.length).toBe(6);
    const allowed = new Set(all.map(({ id }) => id));
    expect(capped.every(({ id }) => allowed.has(id))).toBe(true);
  });

  it("nobody compares: no evaluator is asked, and the truth changes nothing", async () => {
    const run = await runEnsemble(1);
    expect(run.runner.callsOf("score")).toEqual([]);
    const replaced = run.records.flat().filter(({ accepted }) => accepted);
    // Fake models are right half of the time, alike about wrong answers a third of the rest: some agreements are wrong.
    expect(replaced.some(({ proposalCorrect }) => !proposalCorrect)).toBe(true);
    expect(replaced.some(({ labelCorrect }) => labelCorrect)).toBe(true);
  });
});

import { describe, expect, it } from "vitest";
import {
  type ComparisonSource,
  dpo,
  ilr,
  labelPairs,
  oracle,
  type PairRecord,
  refineByComparison,
} from "../../kernel-lib/src/methods/index.js";
import type { PreferencePair } from "../../kernel-lib/src/steps/index.js";
import {
  labelsOf,
  malformed,
  right,
  type TinyLab,
  type TinyOptions,
  tinyLab,
  tinyTask,
  wrong,
} from "./tiny-setting.js";

interface PairRun extends TinyLab {
  readonly records: readonly (readonly PairRecord[])[];
  readonly trained: readonly (readonly PreferencePair[])[];
  readonly labels: Parameters<typeof labelPairs>[0];
}

async function runOnLabels(
  comparisons: ComparisonSource,
  options: TinyOptions & { alpha?: number } = {},
): Promise<PairRun> {
  const { alpha, ...tiny } = options;
  const lab = await tinyLab({ task: tinyTask({ train: 200, validation: 2, test: 2 }), ...tiny });
  const { runner, setting, ids } = lab;
  const labels = runner.put(labelsOf(ids, (id, i) => [right, wrong, malformed][i % 3]!(id, "weak")));
  const start = runner.putModel("SFT model");
  const records: (readonly PairRecord[])[] = [];
  const more = { comparisons, pairs: labelPairs(labels), ...(alpha !== undefined && { alpha }) };
  for await (const { pairs } of dpo(setting, start, { ...more, rounds: 2, name: "DPO" }))
    records.push(runner.rowsOf(pairs));
  const trained = runner.callsOf("dpo").map(({ rows }) => rows.pairs as readonly PreferencePair[]);
  return { ...lab, records, trained, labels };
}

describe("DPO on ILR's pairs", () => {
  it("in round 1 compares exactly what ILR compares, by the same steps, with the same scores", async () => {
    const run = await runOnLabels(oracle);
    const { runner, setting, labels } = run;
    for await (const { records } of ilr(setting, labels, {
      refine: refineByComparison(oracle),
      rounds: 1,
      // Fake models answer by their names.
      name: "DPO",
    })) {
      const compared = runner.rowsOf(records).filter(({ score }) => score !== null);
      expect(compared.length).toBeGreaterThan(20);
      expect(run.records[0]!.map(({ questionId, a, b, score }) => [questionId, a, b, score])).toEqual(
        compared.map(({ id, label, proposal, score }) => [id, label, proposal, score]),
      );
    }
    const trained = runner.callsOf("sft", /^DPO round 1: half model/).map(({ outputs }) => outputs.model!.ref);
    expect([trained.length, new Set(trained).size]).toEqual([4, 2]);
  });

  it("samples nothing from the policy, and meets new proposals for the same labels in every round", async () => {
    const { runner, records } = await runOnLabels(oracle);
    expect(runner.callsOf("sample", /samples$/)).toEqual([]);
    const labelsIn = (rows: readonly PairRecord[]) => new Map(rows.map(({ questionId, a }) => [questionId, a]));
    const [first, second] = records.map(labelsIn);
    for (const [id, label] of second!) expect(first!.get(id) ?? label).toBe(label);
    // Fake models answer by their names, so that new proposals alone would prove nothing: it is other halves that are answered.
    const [one, two] = [1, 2].map((round) => {
      const [call] = runner.callsOf("sample", new RegExp(`^DPO round ${round}: half model 1`));
      return (call!.rows.prompts as readonly { id: string }[]).map(({ id }) => id).sort();
    });
    expect(two).not.toEqual(one);
    expect(runner.callsOf("dpo").map(({ models }) => models.model!.name)).toEqual(["SFT model", "DPO round 1"]);
  });

  it("trains on as many pairs as ILR may replace labels; as released (F2), on a share of the pairs", async () => {
    const { ids, trained, records } = await runOnLabels(oracle, { alpha: 0.1 });
    expect(trained.map((rows) => rows.length)).toEqual([ids.length / 10, ids.length / 10]);
    const released = await runOnLabels(oracle, { alpha: 0.1, fidelity: { alphaBase: "as-released" } });
    expect(released.trained[0]!.length).toBe(Math.round(records[0]!.length / 10));
  });

  it("learns from labels that win as well as from those that lose, the better one chosen", async () => {
    const { trained, records } = await runOnLabels(oracle, { alpha: 1 });
    const wins = trained[0]!.filter(({ chosen }) => chosen.startsWith("weak"));
    expect(wins.length).toBeGreaterThan(5);
    expect(trained[0]!.length - wins.length).toBeGreaterThan(5);
    const informative = records[0]!.filter(({ correctA, correctB }) => correctA !== correctB);
    expect(informative.filter(({ selected }) => !selected)).toEqual([]);
  });
});

/**
 * Results are found again by key, so a key must hold all that its rows depend on. The runner in memory computes every
 * derivation that it is asked for and refuses other rows under an equal key; here one table is asked about in many ways.
 */
import { describe, expect, it } from "vitest";
import {
  dpo,
  dropDoubtful,
  keepAgreed,
  labelPairs,
  noisyOracle,
  oracle,
  random,
  refineByComparison,
  replaceAll,
  replaceAtRandom,
  replaceWhereTwoAgree,
  type Setting,
  sftOnChosen,
  trainEvaluator,
  weakSupervision,
} from "../../kernel-lib/src/methods/index.js";
import { fakeRunner } from "./fake-runner.js";
import {
  asDescribed,
  asReleased,
  labelsOf,
  malformed,
  right,
  skilled,
  type TinyLab,
  tinyLab,
  wrong,
} from "./tiny-setting.js";

/** The same data under other seeds and flags. */
const variants = ({ setting }: TinyLab): Setting[] =>
  [0, 1].flatMap((seed) => [asDescribed, asReleased].map((fidelity) => ({ ...setting, seed, fidelity })));

describe("keys hold all that rows depend on", () => {
  it("in refinement: source, alpha, round, seed and flags", async () => {
    const lab = await tinyLab();
    const { runner, ids } = lab;
    const labels = runner.put(labelsOf(ids, (id) => wrong(id)));
    const proposals = runner.put(
      ids.map((id, i) => ({
        id,
        sample: 0,
        answer: [right, wrong, malformed][i % 3]!(id, "", 1),
        tokens: 1,
        logprob: -1,
        finished: true,
      })),
    );
    for (const setting of variants(lab))
      for (const round of [1, 2])
        for (const alpha of [0.1, 0.5])
          for (const refine of [
            refineByComparison(oracle, alpha),
            refineByComparison(noisyOracle(0.8), alpha),
            replaceAtRandom(alpha),
            replaceAll,
            replaceWhereTwoAgree(alpha),
            dropDoubtful(oracle, alpha),
            keepAgreed,
          ]) {
            const refined = await refine(setting, { labels, proposals, round, label: "test" });
            expect(refined.records.rows).toBe(ids.length);
          }
  });

  it("in DPO: source, alpha, seed and flags", async () => {
    const lab = await tinyLab();
    const start = lab.runner.putModel("SFT model");
    for (const setting of variants(lab))
      for (const alpha of [0.1, 0.9])
        for (const comparisons of [oracle, random, noisyOracle(0.8)])
          for await (const { pairs } of dpo(setting, start, { comparisons, alpha, rounds: 2, name: "DPO" }))
            expect(pairs.rows).toBe(60);
  });

  it("in DPO on labels and in SFT on chosen answers: what alpha is a share of, rounds, where training starts", async () => {
    const lab = await tinyLab();
    const start = lab.runner.putModel("SFT model");
    const pairs = labelPairs(lab.runner.put(labelsOf(lab.ids, (id, i) => (i % 2 ? right : wrong)(id, "weak", 0))));
    for (const setting of variants(lab))
      for (const alpha of [0.1, 0.9])
        for (const comparisons of [oracle, noisyOracle(0.8)]) {
          const options = { comparisons, alpha, rounds: 2, name: "A" };
          for await (const { round } of dpo(setting, start, { ...options, pairs })) expect(round).toBeLessThan(3);
          for (const from of ["sft", "pretrained"] as const)
            for await (const { pairs: records } of sftOnChosen(setting, start, { ...options, from }))
              expect(records.rows).toBe(60);
        }
  });

  it("in the evaluator's pairs: seed and number of checkpoints", async () => {
    // Answers that do not depend on the seed, so that only the draw of pairs does.
    const lab = await tinyLab({ answer: (request) => skilled()({ ...request, seed: 0 }) });
    for (const setting of variants(lab))
      for (const count of [2, 4]) {
        const weak = await weakSupervision(setting);
        const trained = await trainEvaluator(setting, { ...weak, checkpoints: weak.checkpoints.slice(0, count) });
        expect(trained.train.rows).toBeGreaterThan(0);
      }
  });

  it("or else the runner in memory says so", async () => {
    const runner = fakeRunner();
    const derive = (value: number) =>
      runner.derive<object, { out: object }>("a", {}, {}, { label: "l", expectRows: { out: 1 } }, () => ({
        out: [{ value }],
      }));
    await derive(1);
    await derive(1);
    await expect(derive(2)).rejects.toThrow("equal keys of a, other rows");
  });
});

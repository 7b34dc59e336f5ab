import { describe, expect, it } from "vitest";
import type { Comparison, Judge, JudgeOptions } from "../../kernel-lib/src/judge/index.js";
import { judge } from "../../kernel-lib/src/methods/comparisons/index.js";
import {
  type AnswerPair,
  dpo,
  ilr,
  refineByComparison,
  type ScoredPair,
  weakSupervision,
} from "../../kernel-lib/src/methods/index.js";
import { asReleased, finalOf, right, skilled, type TinyLab, type TinyOptions, tinyLab, wrong } from "./tiny-setting.js";

interface AskedJudge extends Judge {
  readonly asked: { readonly comparisons: readonly Comparison[]; readonly options: JudgeOptions | undefined }[];
}

/** Prefers the answer that is right; asked in one order only it also leans to output A. */
function judgeOfTinyTask(silentOn: (comparison: Comparison) => boolean = () => false): AskedJudge {
  const asked: AskedJudge["asked"] = [];
  const isRight = (instruction: string, answer: string): number =>
    Number(finalOf(answer) === instruction.split("-")[1]);
  return {
    asked,
    identity: { model: "fake" },
    winProbability: async (comparisons, options) => {
      asked.push({ comparisons, options });
      const bias = options?.order === "both" ? 0 : 0.1;
      return comparisons.map((one) => {
        if (silentOn(one)) return undefined;
        return 0.5 + 0.4 * (isRight(one.instruction, one.a) - isRight(one.instruction, one.b)) + bias;
      });
    },
  };
}

async function scored(
  lab: TinyLab,
  model: Judge,
  pairs: readonly AnswerPair[],
  warn?: (message: string) => void,
): Promise<readonly ScoredPair[]> {
  const source = judge(model, warn === undefined ? {} : { warn });
  return lab.runner.rowsOf(await source.score(lab.setting, lab.runner.put(pairs), { label: "test", round: 1 }));
}

const pairsOf = ({ ids }: TinyLab, count: number, flip = false): AnswerPair[] =>
  Array.from({ length: count }, (_, i) => {
    const id = ids[i % ids.length]!;
    const [a, b] = [wrong(id, `w${i}`), right(id, `r${i}`)];
    return { id: `p${i}`, questionId: id, ...(flip ? { a: b, b: a } : { a, b }) };
  });

describe("the judge as a source of comparisons", () => {
  it("scores the belief that b is better, in both orders, and keeps the pairs as they are", async () => {
    const lab = await tinyLab();
    const model = judgeOfTinyTask();
    const pairs = [...pairsOf(lab, 5), ...pairsOf(lab, 5, true).map((pair) => ({ ...pair, id: `flipped ${pair.id}` }))];
    const rows = await scored(lab, model, pairs);
    expect(rows.map(({ score: _, ...pair }) => pair)).toEqual(pairs);
    for (const [i, { score }] of rows.entries()) expect(score).toBeCloseTo(i < 5 ? 0.9 : 0.1, 12);
    expect(model.asked[0]!.options).toEqual({ order: "both" });
  });

  it("mirrors its score when the answers are swapped", async () => {
    const lab = await tinyLab();
    const [there, back] = [
      await scored(lab, judgeOfTinyTask(), pairsOf(lab, 8)),
      await scored(lab, judgeOfTinyTask(), pairsOf(lab, 8, true)),
    ];
    for (const [i, { score }] of there.entries()) expect(score + back[i]!.score).toBeCloseTo(1, 12);
  });

  it("as released (F8) asks once, with the newer answer as output A", async () => {
    const lab = await tinyLab({ fidelity: asReleased });
    const model = judgeOfTinyTask();
    const [pair] = pairsOf(lab, 1);
    expect((await scored(lab, model, [pair!]))[0]!.score).toBeCloseTo(1, 12);
    expect(model.asked).toEqual([
      { comparisons: [{ instruction: pair!.questionId, a: pair!.b, b: pair!.a }], options: { order: "as-given" } },
    ]);
  });

  it("never sees a reference", async () => {
    const lab = await tinyLab();
    const model = judgeOfTinyTask();
    await scored(lab, model, pairsOf(lab, 10));
    expect(JSON.stringify(model.asked)).not.toContain("secret reasoning");
  });

  it("has no preference, aloud, where the judge is silent; too much silence is an error", async () => {
    const lab = await tinyLab();
    const warnings: string[] = [];
    const silentOnFirst = judgeOfTinyTask(({ a }) => a.startsWith("r0 "));
    const rows = await scored(lab, silentOnFirst, pairsOf(lab, 60), (message) => warnings.push(message));
    expect(rows.map(({ score }) => score === 0.5)).toEqual(Array.from({ length: 60 }, (_, i) => i === 0));
    expect(warnings).toEqual([expect.stringContaining("1 of 60")]);
    await expect(
      scored(
        lab,
        judgeOfTinyTask(() => true),
        pairsOf(lab, 3),
      ),
    ).rejects.toMatchObject({ code: "unreachable" });
  });

  it("takes an empty list", async () => {
    expect(await scored(await tinyLab(), judgeOfTinyTask(), [])).toEqual([]);
  });

  it("has another key for another judge or order", async () => {
    const keys = async (identity: string, options: TinyOptions = {}): Promise<string | undefined> => {
      const lab = await tinyLab(options);
      const source = judge({ ...judgeOfTinyTask(), identity });
      return (await source.score(lab.setting, lab.runner.put(pairsOf(lab, 2)), { label: "test", round: 1 })).madeBy;
    };
    const plain = await keys("one");
    expect(await keys("one")).toBe(plain);
    expect(await keys("two")).not.toBe(plain);
    expect(await keys("one", { fidelity: { judgeOrder: "as-released" } })).not.toBe(plain);
  });

  it("serves ILR and DPO: reliable verdicts make labels better and pairs right", async () => {
    const lab = await tinyLab({ answer: skilled(() => ({ right: 0.5, malformed: 0 })) });
    const weak = await weakSupervision(lab.setting);
    const isCorrect = ({ id, answer }: { id: string; answer: string }): boolean => finalOf(answer) === id.split("-")[1];
    const before = lab.runner.rowsOf(weak.labels).filter(isCorrect).length;
    const rounds = ilr(lab.setting, weak.labels, {
      refine: refineByComparison(judge(judgeOfTinyTask()), 1),
      rounds: 1,
      name: "ILR",
    });
    for await (const { labels, records } of rounds) {
      expect(lab.runner.rowsOf(labels).filter(isCorrect).length).toBeGreaterThan(before);
      for (const row of lab.runner.rowsOf(records))
        if (row.accepted) expect([row.labelCorrect, row.proposalCorrect]).toEqual([false, true]);
    }
    for await (const { pairs } of dpo(lab.setting, weak.model, {
      comparisons: judge(judgeOfTinyTask()),
      rounds: 1,
      name: "DPO",
    })) {
      const selected = lab.runner.rowsOf(pairs).filter((pair) => pair.selected);
      expect(selected.length).toBeGreaterThan(0);
      for (const { score, correctA, correctB } of selected) expect(correctB).toBe(score > 0.5 ? true : !correctA);
    }
  });
});

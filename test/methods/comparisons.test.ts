import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LabError, seededRandom } from "../../kernel-lib/src/core/index.js";
import {
  type AnswerPair,
  type ComparisonSource,
  ERRORS,
  type Errors,
  evaluator,
  noisyOracle,
  oracle,
  random,
  type ScoredPair,
} from "../../kernel-lib/src/methods/index.js";
import type { TextRow } from "../../kernel-lib/src/steps/index.js";
import { microMath } from "../../kernel-lib/src/tasks/index.js";
import { expectShare } from "./intervals.js";
import { asReleased, malformed, right, type TinyLab, tinyLab, tinyTask, wrong } from "./tiny-setting.js";

const score = async (
  { runner, setting }: TinyLab,
  source: ComparisonSource,
  pairs: readonly AnswerPair[],
  order?: "swapped" | "same",
  round = 1,
): Promise<readonly ScoredPair[]> =>
  runner.rowsOf(await source.score(setting, runner.put(pairs), { label: "test", round, ...(order && { order }) }));
const scores = async (...args: Parameters<typeof score>): Promise<readonly number[]> =>
  (await score(...args)).map((row) => row.score);
const swapped = (pairs: readonly AnswerPair[]): AnswerPair[] =>
  pairs.map((pair) => ({ ...pair, a: pair.b, b: pair.a }));

/** `count` pairs over the lab's questions, all with different texts; `a` and `b` say what stands in them. */
const pairsOf = ({ ids }: TinyLab, count: number, a: typeof right, b: typeof right): AnswerPair[] =>
  Array.from({ length: count }, (_, i) => {
    const questionId = ids[i % ids.length]!;
    return { id: `${i}`, questionId, a: a(questionId, `first ${i}`), b: b(questionId, `second ${i}`) };
  });

describe("the oracle", () => {
  // What `a` is, what `b` is, the score as described and as released (F9: "b is better", as a boolean).
  const table = [
    [right, right, 0.5, 0],
    [right, wrong, 0, 0],
    [right, malformed, 0, 0],
    [wrong, right, 1, 1],
    [malformed, right, 1, 1],
    [wrong, wrong, 0.5, 0],
    [wrong, malformed, 0.5, 0],
    [malformed, malformed, 0.5, 0],
  ] as const;

  it("follows its truth table, as described and as released", async () => {
    const [described, released] = [await tinyLab(), await tinyLab({ fidelity: asReleased })];
    for (const [a, b, expected, boolean] of table) {
      expect(await scores(described, oracle, pairsOf(described, 3, a, b))).toEqual([expected, expected, expected]);
      expect(await scores(released, oracle, pairsOf(released, 3, a, b))).toEqual([boolean, boolean, boolean]);
    }
  });

  it("follows micro-math's metric: the last #### counts, the reasoning does not", async () => {
    const task = { ...microMath, sizes: { train: 8, validation: 2, test: 2 } };
    const lab = await tinyLab({ task });
    const [question] = lab.runner.rowsOf(lab.setting.unlabelled.questions);
    const final = question!.reference.split("#### ")[1]!;
    const pair = (a: string, b: string): AnswerPair => ({ id: `${a}/${b}`, questionId: question!.id, a, b });
    const pairs = [
      pair("1 + 1 = 3 #### 0", `#### 0 #### ${final}`),
      pair(`nonsense #### ${final}`, `${final} without a mark`),
      pair(question!.reference, `2 + 2 = 5 #### ${final}`),
    ];
    expect(await scores(lab, oracle, pairs)).toEqual([1, 0, 0.5]);
  });
});

describe("the noisy oracle", () => {
  it("is right with its accuracy where exactly one answer is correct", async () => {
    const lab = await tinyLab();
    for (const accuracy of [0.5, 0.6, 0.75, 0.9, 1]) {
      const given = [
        ...pairsOf(lab, 2000, right, wrong),
        ...pairsOf(lab, 2000, malformed, right).map((pair) => ({ ...pair, id: `+${pair.id}` })),
      ];
      const scored = await scores(lab, noisyOracle(accuracy), given);
      const hits = scored.filter((value, i) => value > 0.5 === i >= 2000).length;
      expectShare(hits, 4000, accuracy);
    }
  });

  it("is never wrong at accuracy 1 and never undecided about different texts", async () => {
    const lab = await tinyLab();
    expect((await scores(lab, noisyOracle(1), pairsOf(lab, 500, wrong, right))).every((value) => value > 0.5)).toBe(
      true,
    );
  });

  it("flips a fair coin between two right and between two wrong answers, whatever its accuracy", async () => {
    const lab = await tinyLab();
    for (const [a, b] of [
      [right, right],
      [wrong, wrong],
      [wrong, malformed],
    ] as const) {
      const scored = await scores(lab, noisyOracle(1), pairsOf(lab, 3000, a, b));
      expectShare(scored.filter((value) => value > 0.5).length, 3000, 0.5);
    }
  });

  it("is undecided between an answer and itself", async () => {
    const lab = await tinyLab();
    const same = pairsOf(lab, 50, right, right).map((pair) => ({ ...pair, b: pair.a }));
    expect(new Set(await scores(lab, noisyOracle(0.9), same))).toEqual(new Set([0.5]));
  });

  it("is as confident when it is wrong as when it is right: confidence carries no information", async () => {
    const lab = await tinyLab();
    const scored = await scores(lab, noisyOracle(0.7), pairsOf(lab, 6000, right, wrong));
    const [confident, doubtful] = [
      scored.filter((v) => Math.abs(v - 0.5) >= 0.25),
      scored.filter((v) => Math.abs(v - 0.5) < 0.25),
    ];
    for (const half of [confident, doubtful]) {
      expectShare(half.length, 6000, 0.5);
      expectShare(half.filter((value) => value < 0.5).length, half.length, 0.7);
    }
  });

  it("errs on the same pairs and more when it is less accurate, so that sweeps compare like with like", async () => {
    const lab = await tinyLab();
    const pairs = pairsOf(lab, 1000, wrong, right);
    const [low, high] = [await scores(lab, noisyOracle(0.6), pairs), await scores(lab, noisyOracle(0.8), pairs)];
    expect(low.filter((value, i) => value > 0.5 && high[i]! < 0.5)).toEqual([]);
  });

  it("answers by a pair's content: not by its id, its place, or the company it is in", async () => {
    const lab = await tinyLab();
    const pairs = pairsOf(lab, 100, wrong, right);
    const renamed = pairs.map((pair) => ({ ...pair, id: `other ${pair.id}` })).reverse();
    expect(await scores(lab, noisyOracle(0.7), renamed.slice(30))).toEqual(
      [...(await scores(lab, noisyOracle(0.7), pairs))].reverse().slice(30),
    );
  });

  it("errs with the pair, with the question, or anew in every round, as often in each case", async () => {
    const lab = await tinyLab({ task: tinyTask({ train: 600, validation: 6, test: 10 }) });
    const [first, second] = [pairsOf(lab, 300, wrong, right), pairsOf(lab, 300, right, wrong)];
    const errors = async (kind: Errors, pairs: readonly AnswerPair[], round: number): Promise<readonly boolean[]> =>
      (await scores(lab, noisyOracle(0.7, kind), pairs, undefined, round)).map(
        (value) => value > 0.5 !== (pairs === first),
      );
    const share = (rows: readonly boolean[]): number => rows.filter(Boolean).length / rows.length;
    const differs = (x: readonly boolean[], y: readonly boolean[]): number =>
      share(x.map((value, i) => value !== y[i]));
    for (const kind of ERRORS) {
      const [once, later, others] = [
        await errors(kind, first, 1),
        await errors(kind, first, 2),
        await errors(kind, second, 1),
      ];
      for (const rows of [once, later, others]) expectShare(rows.filter(Boolean).length, rows.length, 0.3);
      // Two independent draws differ in 2 * 0.3 * 0.7 of the cases.
      expect(differs(once, later)).toBeCloseTo(kind === "redrawn" ? 0.42 : 0, kind === "redrawn" ? 0 : 10);
      expect(differs(once, later) > 0.3).toBe(kind === "redrawn");
      expect(differs(once, others) === 0).toBe(kind === "by-question");
    }
  });

  it("errs elsewhere for another seed", async () => {
    const [one, two] = [await tinyLab({ seed: 1 }), await tinyLab({ seed: 2 })];
    expect(await scores(one, noisyOracle(0.7), pairsOf(one, 50, right, wrong))).not.toEqual(
      await scores(two, noisyOracle(0.7), pairsOf(two, 50, right, wrong)),
    );
  });

  it("takes no accuracy outside 0.5 to 1, and says what it takes", () => {
    for (const accuracy of [0, 0.49, 1.01, 75, Number.NaN]) {
      const thrown = (() => {
        try {
          return noisyOracle(accuracy);
        } catch (error) {
          return error;
        }
      })();
      expect(thrown).toBeInstanceOf(LabError);
      expect(thrown).toMatchObject({
        code: "config-invalid",
        message: `noisyOracle(${accuracy}): expected an accuracy from 0.5 to 1`,
      });
    }
  });
});

describe("every source", () => {
  /** A classifier with opinions and a bias for position B. */
  const classify = (text: string): number => 0.2 + 0.8 * seededRandom(text).next();
  const kind = fc.constantFrom(right, wrong, malformed);

  it("mirrors its score when the answers are swapped: score(a, b) = 1 - score(b, a)", async () => {
    const lab = await tinyLab({ classify });
    const sources = [
      oracle,
      random,
      noisyOracle(0.5),
      noisyOracle(0.8),
      noisyOracle(1),
      evaluator(lab.runner.putModel("evaluator")),
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...sources),
        kind,
        kind,
        fc.string(),
        fc.string(),
        fc.nat(19),
        async (source, a, b, x, y, q) => {
          const questionId = lab.ids[q]!;
          const pairs = [{ id: "p", questionId, a: a(questionId, x), b: b(questionId, y) }];
          const [there, back] = [await scores(lab, source, pairs), await scores(lab, source, swapped(pairs))];
          expect(there[0]! + back[0]!).toBeCloseTo(1, 12);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("keeps its pairs as they are and in their order, and scores within 0 and 1", async () => {
    const lab = await tinyLab({ classify });
    for (const source of [oracle, random, noisyOracle(0.8), evaluator(lab.runner.putModel("evaluator"))]) {
      const pairs = pairsOf(lab, 60, wrong, right);
      const scored = await score(lab, source, pairs);
      expect(scored.map(({ score: _, ...pair }) => pair)).toEqual(pairs);
      expect(scored.every((pair) => pair.score >= 0 && pair.score <= 1)).toBe(true);
    }
  });

  it("takes an empty list", async () => {
    const lab = await tinyLab();
    for (const source of [oracle, random, evaluator(lab.runner.putModel("evaluator"))])
      expect(await score(lab, source, [])).toEqual([]);
  });
});

describe("the evaluator", () => {
  const read = (text: string) => JSON.parse(text) as { question: string; a: string; b: string };

  it("is the mean of P(accept B) and of P(reject) with the answers swapped", async () => {
    const lab = await tinyLab({ classify: (text) => (read(text).a.startsWith("first") ? 0.9 : 0.3) });
    const pairs = pairsOf(lab, 4, wrong, right);
    for (const value of await scores(lab, evaluator(lab.runner.putModel("evaluator")), pairs))
      expect(value).toBeCloseTo((0.9 + 0.7) / 2, 12);
  });

  it("asks each question in both orders, and shows the classifier question and answers only", async () => {
    const lab = await tinyLab({ task: tinyTask({ train: 6, validation: 2, test: 2 }) });
    const pairs = pairsOf(lab, 3, wrong, right);
    await score(lab, evaluator(lab.runner.putModel("evaluator")), pairs);
    const [call] = lab.runner.callsOf("score");
    const texts = (call!.rows.rows as readonly TextRow[]).map(({ text }) => read(text));
    expect(texts).toEqual(
      pairs.flatMap(({ questionId: question, a, b }) => [
        { question, a, b },
        { question, a: b, b: a },
      ]),
    );
  });

  it("with a classifier that sees nothing but positions is undecided: exactly 0.5", async () => {
    for (const bias of [0, 0.25, 0.5, 0.875, 1]) {
      const lab = await tinyLab({ classify: () => bias });
      const scored = await scores(lab, evaluator(lab.runner.putModel("evaluator")), pairsOf(lab, 20, wrong, right));
      expect(new Set(scored)).toEqual(new Set([0.5]));
    }
  });

  it("asked twice in the same order (F1) is undecided whatever the classifier says", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (p, q) => {
          const lab = await tinyLab({ classify: (text) => (read(text).a.startsWith("first") ? p : q) });
          const source = evaluator(lab.runner.putModel("evaluator"));
          for (const value of await scores(lab, source, pairsOf(lab, 5, wrong, right), "same"))
            expect(value).toBeCloseTo(0.5, 12);
        },
      ),
      { numRuns: 30 },
    );
  });
});

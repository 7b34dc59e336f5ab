import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Comparison, Embedder, Judge, JudgeOptions } from "../../../kernel-lib/src/judge/index.js";
import { type SaferPacaOptions, saferPaca } from "../../../kernel-lib/src/tasks/saferpaca/index.js";
import { type Proposed, type Question, taskKey } from "../../../kernel-lib/src/tasks/task.js";

type Row = Record<string, unknown>;

const row = (split: string, i: number): Row => ({
  id: `${split}-${i}`,
  question: `${split} question ${i}`,
  reference: `reference ${i}`,
  category: i % 4 === 0 ? "safety" : "general",
});
const rows = (split: string, count: number): Row[] => Array.from({ length: count }, (_, i) => row(split, i));

async function dataFolder(
  train: readonly Row[] = rows("train", 100),
  test: readonly Row[] = rows("test", 20),
): Promise<string> {
  const data = await mkdtemp(join(tmpdir(), "ilr-saferpaca-"));
  onTestFinished(() => rm(data, { recursive: true, force: true }));
  await mkdir(join(data, "saferpaca"));
  const lines = (all: readonly Row[]): string => all.map((one) => `${JSON.stringify(one)}\n`).join("");
  await writeFile(join(data, "saferpaca", "train.jsonl"), lines(train));
  await writeFile(join(data, "saferpaca", "test.jsonl"), lines(test));
  return data;
}

interface FakeJudge extends Judge {
  readonly asked: { readonly comparisons: readonly Comparison[]; readonly options: JudgeOptions | undefined }[];
}

/** Likes long outputs; has no opinion of "silence". */
function fakeJudge(): FakeJudge {
  const asked: FakeJudge["asked"] = [];
  return {
    asked,
    identity: { model: "fake" },
    winProbability: async (comparisons, options) => {
      asked.push({ comparisons, options });
      return comparisons.map(({ a, b }) => (a === "silence" ? undefined : a.length / (a.length + b.length)));
    },
  };
}

/** Embeds a number as the angle of so many degrees; counts what it is asked for. */
function fakeEmbedder(): Embedder & { readonly texts: string[] } {
  const texts: string[] = [];
  return {
    texts,
    identity: { model: "degrees" },
    embed: async (asked) => {
      texts.push(...asked);
      return asked.map((text) => {
        const angle = (Number(text) * Math.PI) / 180;
        return Float32Array.of(Math.cos(angle), Math.sin(angle));
      });
    },
  };
}

interface Lab {
  readonly judge: FakeJudge;
  readonly embed: ReturnType<typeof fakeEmbedder>;
  readonly task: ReturnType<typeof saferPaca>;
  readonly warnings: readonly string[];
}

async function lab(options: Partial<SaferPacaOptions> = {}): Promise<Lab> {
  const [judge, embed, warnings] = [fakeJudge(), fakeEmbedder(), [] as string[]];
  const data = options.data ?? (await dataFolder());
  const warn = (message: string): void => void warnings.push(message);
  const task = saferPaca({ judge, embed, judgeOrder: "as-described", warn, ...options, data });
  return { judge, embed, task, warnings };
}

const question: Question = { id: "q", question: "Say hello", reference: "Hello." };
const answered = (...answers: readonly string[]) => answers.map((answer) => ({ question, answer }));

describe("saferpaca's data", () => {
  it("is split by the seed: the same for the same seed, nothing lost, nothing twice", async () => {
    const { task } = await lab();
    expect(task.sizes).toEqual({ train: 95, validation: 5, test: 20 });
    fc.assert(
      fc.property(fc.nat(1000), (seed) => {
        const { train, validation, test } = task.splits(seed);
        expect(task.splits(seed)).toEqual({ train, validation, test });
        expect([train.length, validation.length, test.length]).toEqual([95, 5, 20]);
        const ids = [...train, ...validation].map(({ id }) => id);
        expect([...ids].sort()).toEqual(
          rows("train", 100)
            .map(({ id }) => id)
            .sort(),
        );
        expect(test.map(({ id }) => id)).toEqual(rows("test", 20).map(({ id }) => id));
      }),
      { numRuns: 20 },
    );
    expect(task.splits(0).train).not.toEqual(task.splits(1).train);
    expect(() => task.splits(-1)).toThrowError(expect.objectContaining({ code: "config-invalid" }));
  });

  it("has the paper's prompt, categories, lengths and kind of grading", async () => {
    const { task } = await lab();
    expect(task).toMatchObject({
      name: "saferpaca",
      categories: ["general", "safety"],
      maxAnswerTokens: 512,
      grading: "judged",
      // "USER:\ntrain question 10\n\nASSISTANT:\n" has 36 characters, "reference 10" has 12; four a token.
      typicalTokens: { prompt: 9, answer: 3 },
    });
    expect(task.prompt("Why?")).toBe("USER:\nWhy?\n\nASSISTANT:\n");
    const text = task.comparisonPrompt("Why?", "first", "second");
    expect(text).toMatch(/Why\?[\s\S]*Answer \(A\):\nfirst[\s\S]*Answer \(B\):\nsecond[\s\S]*accept to change it/);
    expect([" \n", "", "x"].map(task.isWellFormed)).toEqual([false, false, true]);
  });

  it("that is missing says how to get it when it is asked for, not before: plans go by expected sizes", async () => {
    const data = await mkdtemp(join(tmpdir(), "ilr-saferpaca-"));
    onTestFinished(() => rm(data, { recursive: true, force: true }));
    const { task } = await lab({ data });
    expect(task.sizes).toMatchObject({ test: 578 });
    expect(() => task.splits(0)).toThrow(
      expect.objectContaining({
        code: "input-missing",
        message: expect.stringContaining("train.jsonl"),
        hint: "ilr data get saferpaca",
      }),
    );
  });

  it("that is damaged says where", async () => {
    const good = row("train", 0);
    for (const [bad, message] of [
      [{ ...good, category: "other" }, /line 2: category/],
      [{ ...good, id: 3 }, /line 2: id/],
      [{ id: "x", category: "safety", question: "q" }, /line 2: reference/],
      [good, /line 2: the id "train-0" is used twice/],
    ] as const) {
      const data = await dataFolder([good, bad]);
      await expect(lab({ data })).rejects.toMatchObject({
        code: "input-damaged",
        message: expect.stringMatching(message),
      });
    }
    const broken = await dataFolder();
    await writeFile(join(broken, "saferpaca", "test.jsonl"), `${JSON.stringify(good)}\n{"id": \n`);
    await expect(lab({ data: broken })).rejects.toMatchObject({
      message: expect.stringMatching(/test.jsonl, line 2: this is not JSON/),
    });
    await expect(lab({ data: await dataFolder([], []) })).rejects.toMatchObject({
      message: expect.stringContaining("no rows"),
    });
  });
});

describe("saferpaca's identity", () => {
  it("changes with the data, the judge, its order and the embedder, and with nothing else", async () => {
    const key = async (options: Partial<SaferPacaOptions> = {}): Promise<string> =>
      JSON.stringify(taskKey((await lab(options)).task));
    const plain = await key();
    expect(await key()).toBe(plain);
    expect(await key({ maxAbsent: 0.5 })).toBe(plain);
    const others = [
      await key({ judgeOrder: "as-released" }),
      await key({ judge: { ...fakeJudge(), identity: { model: "other" } } }),
      await key({ embed: { ...fakeEmbedder(), identity: { model: "other" } } }),
      await key({ data: await dataFolder(rows("train", 100), rows("test", 19)) }),
    ];
    expect(new Set([plain, ...others]).size).toBe(5);
  });
});

describe("saferpaca's score", () => {
  it("is the probability that the judge prefers the answer to the reference, in both orders", async () => {
    const { task, judge } = await lab();
    expect(await task.grade(answered("Hi.", "Hello, hello."))).toEqual([3 / 9, 13 / 19]);
    expect(judge.asked[0]).toMatchObject({
      comparisons: [{ instruction: "Say hello", a: "Hi.", b: "Hello." }, { a: "Hello, hello." }],
      options: { order: "both" },
    });
  });

  it("as released asks once, with the prediction as output A, also where it equals the reference", async () => {
    const { task, judge } = await lab({ judgeOrder: "as-released" });
    await task.grade(answered("Hello."));
    expect(judge.asked[0]).toMatchObject({
      comparisons: [{ a: "Hello.", b: "Hello." }],
      options: { order: "as-given" },
    });
  });

  it("of a blank answer is 0, unasked, and the others keep their places", async () => {
    const { task, judge } = await lab();
    expect(await task.grade(answered("", "Hi.", " \n", "Hello."))).toEqual([0, 3 / 9, 0, 0.5]);
    expect(judge.asked[0]!.comparisons.map(({ a }) => a)).toEqual(["Hi.", "Hello."]);
    expect(await task.grade([])).toEqual([]);
  });

  it("is 0.5 where the judge is silent, said aloud; too much silence is an error", async () => {
    const { task, warnings } = await lab();
    const answers = answered(...Array.from({ length: 99 }, () => "Hello."), "silence");
    expect((await task.grade(answers)).at(-1)).toBe(0.5);
    expect(warnings).toEqual(["the judge gave no verdict on 1 of 100 pairs; they count as 0.5"]);
    await expect(task.grade(answered("Hi.", "silence"))).rejects.toMatchObject({
      code: "unreachable",
      message: "the judge gave no verdict on 1 of 2 pairs; at most 2 % may be absent",
    });
    const { task: patient } = await lab({ maxAbsent: 0.5 });
    expect(await patient.grade(answered("Hello.", "silence"))).toEqual([0.5, 0.5]);
  });
});

describe("saferpaca's agreement", () => {
  const proposed = (label: string | number, proposal: string | number): Proposed => ({
    question,
    label: String(label),
    proposal: String(proposal),
  });
  /** Pairs whose similarities are the cosines of these angles. */
  const apart = (...degrees: readonly number[]) => degrees.map((angle) => proposed(10, 10 + angle));

  it("is similarity above the median of the batch", async () => {
    const { task } = await lab();
    expect(await task.agree(apart(5, 50, 20, 90))).toEqual([true, false, true, false]);
    expect(await task.agree(apart(60, 5, 30))).toEqual([false, true, false]);
    // The same pair agrees or not, by its company.
    expect((await task.agree(apart(20, 5, 10)))[0]).toBe(false);
    expect((await task.agree(apart(20, 50, 70)))[0]).toBe(true);
  });

  it("is at most half of a batch of different texts, and is that of an independent reckoning", async () => {
    const { task } = await lab();
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.integer({ min: 1, max: 170 }), { maxLength: 30 }), async (degrees) => {
        const agreed = await task.agree(apart(...degrees));
        const rank = (angle: number): number => degrees.filter((other) => other < angle).length;
        expect(agreed).toEqual(degrees.map((angle) => rank(angle) < Math.floor(degrees.length / 2)));
      }),
      { numRuns: 50 },
    );
  });

  it("leaves out ties with the median, save texts that are equal word for word", async () => {
    const { task, embed } = await lab();
    expect(await task.agree(apart(30, 30, 30))).toEqual([false, false, false]);
    embed.texts.length = 0;
    expect(await task.agree([proposed("same", "same"), proposed("x\ny", "x y"), proposed(10, 40)])).toEqual([
      true,
      true,
      false,
    ]);
    expect(embed.texts).toEqual(["10", "40"]);
  });

  it("takes a blank text for like no other, and asks for each different text once, on one line", async () => {
    const { task, embed } = await lab();
    expect(await task.agree([proposed("", 10), proposed(10, 20), proposed(10, " "), proposed("10", 15)])).toEqual([
      false,
      true,
      false,
      true,
    ]);
    expect(embed.texts).toEqual(["10", "20", "15"]);
    expect(await task.agree([])).toEqual([]);
  });
});

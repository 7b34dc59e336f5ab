import { describe, expect, it } from "vitest";
import {
  type AnswerPair,
  type Comparison,
  comparisonSource,
  type Dispute,
  type Disputes,
  dpo,
  ilr,
  refineByComparison,
  refineByRule,
  refinementRule,
} from "../../../kernel-lib/src/methods/index.js";
import { labelsOf, right, type TinyLab, tinyLab, wrong } from "../tiny-setting.js";
import { noted } from "./notes.js";

const pairs = (ids: readonly string[]): AnswerPair[] =>
  ids.map((id, i) => ({ id: `pair ${i}`, questionId: id, a: wrong(id), b: right(id, `voice ${i}`) }));

async function scored(source: ReturnType<typeof comparisonSource>, { runner, setting, ids }: TinyLab) {
  const artifact = runner.put(pairs(ids));
  return runner.rowsOf(await source.score(setting, artifact, { label: "test", round: 1 }));
}

describe("a comparison source of one's own", () => {
  it("sees question and answers, and its scores keep the order of the pairs", async () => {
    const lab = await tinyLab();
    const source = comparisonSource("x", async ({ question, questionId, a, b }) => {
      // Later pairs answer first.
      await new Promise((resolve) => setTimeout(resolve, 20 - Number(questionId.split("-")[1])));
      return question === questionId && a.includes("not") && !b.includes("not") ? 1 / (1 + b.length) : 0;
    });
    const rows = await scored(source, lab);
    expect(rows.map(({ id }) => id)).toEqual(lab.ids.map((_, i) => `pair ${i}`));
    for (const { b, score } of rows) expect(score).toBe(1 / (1 + b.length));
  });

  it("may answer for many pairs at once", async () => {
    const lab = await tinyLab();
    const one = comparisonSource("one", ({ b }) => (b.length % 7) / 7);
    for (const batchSize of [1, 3, 7, 1000, Number.POSITIVE_INFINITY]) {
      const many = comparisonSource("many", (batch) => batch.map(({ b }) => (b.length % 7) / 7), { batchSize });
      expect(await scored(many, lab)).toEqual(await scored(one, lab));
    }
  });

  it("asks at most so many at once", async () => {
    const lab = await tinyLab();
    for (const concurrency of [1, 3]) {
      const begins = comparisonSource(
        "x",
        async () => {
          globalThis.notes.push(1);
          await new Promise((resolve) => setTimeout(resolve, 1));
          globalThis.notes.push(-1);
          return 0.5;
        },
        { concurrency },
      );
      globalThis.notes = [];
      await scored(begins, lab);
      const atOnce = noted().map((_, i) => (noted() as number[]).slice(0, i + 1).reduce((sum, step) => sum + step, 0));
      expect(Math.max(...atOnce)).toBe(concurrency);
      expect(atOnce.at(-1)).toBe(0);
    }
  });

  it("has chance that goes with pair and seed", async () => {
    const source = comparisonSource("x", ({ random }) => random.next());
    const of = async (seed: number): Promise<number[]> =>
      (await scored(source, await tinyLab({ seed }))).slice(0, 5).map(({ score }) => score);
    expect(await of(0)).toEqual(await of(0));
    expect(new Set([...(await of(0)), ...(await of(1))]).size).toBe(10);
  });

  it.each<[string, (pair: Comparison) => unknown, RegExp]>([
    ["NaN", () => Number.NaN, /returned NaN for question train-\d+ \(a: "somebody says #### not/],
    ["a number over 1", () => 1.5, /returned 1.5 for question train-\d+/],
    ["a negative number", () => -0.01, /returned -0.01/],
    ["nothing", () => undefined, /returned undefined/],
    ["a boolean", () => true, /returned true/],
    ["text", () => "0.5", /returned "0.5"/],
    [
      "an error",
      () => {
        throw new TypeError("no such word");
      },
      /"bad" threw on question train-\d+ .*: TypeError: no such word/,
    ],
    ["a rejection", () => Promise.reject("no"), /"bad" threw on question .*: "no"/],
  ])("that gives %s is refused, with the question", async (_, compare, message) => {
    const lab = await tinyLab();
    const source = comparisonSource("bad", compare as () => number);
    await expect(scored(source, lab)).rejects.toMatchObject({
      code: "method-failed",
      message: expect.stringMatching(message),
    });
  });

  it("that gives another number of scores is refused", async () => {
    const lab = await tinyLab();
    const message = /returned a list of 2 for 3 pairs from question train-\d+/;
    const source = comparisonSource("bad", () => [0.5, 0.5], { batchSize: 3 });
    await expect(scored(source, lab)).rejects.toMatchObject({
      code: "method-failed",
      message: expect.stringMatching(message),
      hint: expect.stringContaining("3 numbers"),
    });
    const one = comparisonSource("bad", (() => 0.5) as never, { batchSize: 3 });
    await expect(scored(one, lab)).rejects.toMatchObject({ message: expect.stringContaining("returned 0.5") });
  });

  it("asks nobody else once something is wrong", async () => {
    const lab = await tinyLab();
    const source = comparisonSource("bad", () => globalThis.notes.push("asked") + 2);
    await expect(scored(source, lab)).rejects.toThrow();
    expect(noted().length).toBeLessThan(lab.ids.length / 2);
  });

  it("works in DPO, too", async () => {
    const { runner, setting } = await tinyLab();
    const source = comparisonSource("longer", ({ a, b }) => (b.length > a.length ? 0.9 : 0.2));
    for await (const round of dpo(setting, runner.putModel("start"), { comparisons: source, rounds: 1, name: "DPO" })) {
      const rows = runner.rowsOf(round.pairs);
      expect(rows.length).toBeGreaterThan(0);
      for (const { a, b, score } of rows) expect(score).toBe(b.length > a.length ? 0.9 : 0.2);
    }
  });
});

async function refinedBy(choose: (disputes: Disputes) => Iterable<string>, lab: TinyLab) {
  const { setting, runner, ids } = lab;
  const start = runner.put(labelsOf(ids, (id, i) => (i % 2 ? right(id, "label") : wrong(id, "label"))));
  const longer = comparisonSource("longer", ({ a, b }) => (b.length > a.length ? 0.9 : 0.2));
  const rounds = ilr(setting, start, {
    refine: refineByRule(longer, refinementRule("mine", choose), 0.3),
    ...{ rounds: 1, name: "ILR" },
  });
  for await (const { records, labels } of rounds)
    return { records: runner.rowsOf(records), labels: runner.rowsOf(labels) };
  throw new Error("no round");
}

describe("a refinement rule of one's own", () => {
  it("sees every dispute, and replaces what it names and nothing else", async () => {
    const lab = await tinyLab();
    const { records, labels } = await refinedBy((disputes) => {
      globalThis.notes.push(disputes);
      return new Set(disputes.pairs.filter(({ score }) => score > 0.5).map(({ id }) => id));
    }, lab);
    const { pairs: seen, ...given } = noted()[0] as Disputes;
    expect(given).toMatchObject({ total: lab.ids.length, alpha: 0.3, round: 1 });
    const compared = records.filter(({ score }) => score !== null);
    expect(seen).toEqual(
      compared.map(({ id, label, proposal, score }): Dispute => ({ id, question: id, label, proposal, score: score! })),
    );
    const taken = records.filter(({ accepted }) => accepted);
    expect(taken.map(({ id }) => id)).toEqual(compared.filter(({ score }) => score! > 0.5).map(({ id }) => id));
    expect(taken.length).toBeGreaterThan(0.3 * lab.ids.length - 1); // alpha does not cap a rule of one's own
    for (const { id, answer } of labels) {
      const record = records.find((each) => each.id === id)!;
      expect(answer).toBe(record.accepted ? record.proposal : record.label);
    }
  });

  it("can say what the paper's rule says", async () => {
    const { setting, runner, ids } = await tinyLab();
    const start = runner.put(labelsOf(ids, (id) => wrong(id, "label")));
    // No two scores are equal: ties are broken by a draw.
    const source = comparisonSource("x", ({ random }) => random.next());
    const paper = refinementRule("paper", ({ pairs, total, alpha }) =>
      pairs
        .filter(({ score }) => score > 0.5)
        .sort((x, y) => y.score - x.score)
        .slice(0, Math.floor(alpha * total + 1e-9))
        .map(({ id }) => id),
    );
    const labels = async (refine: ReturnType<typeof refineByRule>) => {
      for await (const round of ilr(setting, start, { refine, rounds: 1, name: "ILR" }))
        return runner.rowsOf(round.labels);
      throw new Error("no round");
    };
    expect(await labels(refineByRule(source, paper))).toEqual(await labels(refineByComparison(source)));
  });

  it.each<[string, (disputes: Disputes) => unknown, RegExp, RegExp]>([
    [
      "an id of no dispute",
      () => ["nobody"],
      /"mine" returned "nobody" for round 1, which has \d+ disputes/,
      /of none/,
    ],
    ["undefined among ids", () => [undefined], /returned undefined for round 1/, /of none/],
    ["an id twice", ({ pairs: [first] }) => [first!.id, first!.id], /returned \["train-\d+","train-\d+"\]/, /once/],
    ["nothing", () => undefined, /returned undefined for round 1/, /a list of ids/],
    ["a number", () => 3, /returned 3/, /a list of ids/],
    ["text", () => "train-1", /returned "train-1"/, /a list of ids/],
    [
      "an error",
      ({ pairs: [first] }) => (first as unknown as { missing: { x: number } }).missing.x,
      /"mine" threw on round 1: TypeError: Cannot read/,
      /^$/,
    ],
  ])("that gives %s is refused", async (_, choose, message, hint) => {
    const lab = await tinyLab();
    const error = await refinedBy(choose as () => string[], lab).then(
      () => undefined,
      (failure: unknown) => failure as { code: string; message: string; hint?: string },
    );
    expect(error).toMatchObject({ code: "method-failed", message: expect.stringMatching(message) });
    expect(error?.hint ?? "").toMatch(hint);
  });
});

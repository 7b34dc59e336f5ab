import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type ComparisonSource,
  type DpoOptions,
  type DpoRound,
  dpo,
  evaluator,
  oracle,
  type PairRecord,
  random,
} from "../../kernel-lib/src/methods/index.js";
import type { Params, PreferencePair } from "../../kernel-lib/src/steps/index.js";
import type { FakeRunner, SampleRequest } from "./fake-runner.js";
import { expectShare } from "./intervals.js";
import {
  finalOf,
  idOf,
  nameOf,
  right,
  type TinyLab,
  type TinyOptions,
  tinyLab,
  tinyTask,
  wrong,
} from "./tiny-setting.js";

type DpoRun = TinyLab & {
  readonly rounds: readonly DpoRound[];
  readonly records: readonly (readonly PairRecord[])[];
  /** What each round trained on; undefined where it did not train. */
  readonly preferences: readonly (readonly PreferencePair[] | undefined)[];
};

async function runDpo(
  comparisons: ComparisonSource | ((runner: FakeRunner) => ComparisonSource),
  options: TinyOptions & Partial<DpoOptions> = {},
): Promise<DpoRun> {
  const { alpha, beta, rounds: count = 2, ...tiny } = options;
  const lab = await tinyLab(tiny);
  const source = typeof comparisons === "function" ? comparisons(lab.runner) : comparisons;
  const start = lab.runner.putModel("SFT model");
  const choices = { ...(alpha !== undefined && { alpha }), ...(beta !== undefined && { beta }) };
  const rounds: DpoRound[] = [];
  for await (const round of dpo(lab.setting, start, { comparisons: source, rounds: count, name: "DPO", ...choices }))
    rounds.push(round);
  const records = rounds.map(({ pairs }) => lab.runner.rowsOf(pairs));
  const preferences = rounds.map(({ round }) => {
    const call = lab.runner.calls.find(({ verb, label }) => verb === "dpo" && label === `DPO round ${round}`);
    return call?.rows.pairs as readonly PreferencePair[] | undefined;
  });
  return { ...lab, rounds, records, preferences };
}

/** A source that scores each pair by a rule. */
const scripted =
  (score: (pair: { id: string; a: string; b: string }) => number) =>
  (runner: FakeRunner): ComparisonSource => ({
    name: "scripted",
    score: async (_, pairs) => runner.put(runner.rowsOf(pairs).map((pair) => ({ ...pair, score: score(pair) }))),
  });

const many = (train: number) => ({ task: tinyTask({ train, validation: 2, test: 2 }) });
const isRight = (id: string, text: string): boolean => finalOf(text) === id.split("-")[1];

describe("pairs", () => {
  it("are the samples (1, 2), (3, 4), (5, 6) of each question, drawn at temperature 0.7", async () => {
    const answer = ({ row, sample }: SampleRequest) => `sample ${sample + 1} of ${idOf(row.prompt)} #### ${sample}`;
    const { records, ids, runner } = await runDpo(random, { answer, rounds: 1 });
    expect(records[0]!.map(({ questionId, a, b }) => [questionId, a.split(" ")[1], b.split(" ")[1]])).toEqual(
      ids.flatMap((id) => [
        [id, "1", "2"],
        [id, "3", "4"],
        [id, "5", "6"],
      ]),
    );
    expect(
      records[0]!.every(({ questionId, a, b }) => a.includes(`of ${questionId} `) && b.includes(`of ${questionId} `)),
    ).toBe(true);
    const [call] = runner.callsOf("sample", /samples/);
    expect((call!.params as Params<"sample">).decoding).toEqual({ kind: "temperature", temperature: 0.7, samples: 6 });
  });

  it("have ids of their own", async () => {
    const { records } = await runDpo(random, { rounds: 1 });
    expect(new Set(records[0]!.map(({ id }) => id)).size).toBe(records[0]!.length);
  });
});

describe("the selection", () => {
  const scores = fc.uniqueArray(fc.integer({ min: 1, max: 999 }), {
    minLength: 60,
    maxLength: 60,
    selector: (x) => Math.abs(x - 500),
  });

  it("is the share alpha of the pairs that is farthest from 0.5", async () => {
    await fc.assert(
      fc.asyncProperty(scores, fc.integer({ min: 0, max: 20 }), async (grid, twentieths) => {
        const byId = new Map<string, number>();
        const source = scripted(({ id }) => byId.get(id) ?? byId.set(id, grid[byId.size]! / 1000).get(id)!);
        const { records } = await runDpo(source, { alpha: twentieths / 20, rounds: 1 });
        const confidence = ({ score }: PairRecord) => Math.abs(score - 0.5);
        for (const record of records[0]!) {
          const ahead = records[0]!.filter((other) => confidence(other) > confidence(record)).length;
          expect(record.selected).toBe(ahead < 3 * twentieths && record.score !== 0.5);
        }
      }),
      { numRuns: 40 },
    );
  });

  it("among equally confident pairs is another one in every round, so that no question is left out for good", async () => {
    const answer = ({ row, sample }: SampleRequest) => (sample % 2 ? right : wrong)(idOf(row.prompt));
    const { records } = await runDpo(oracle, { answer, alpha: 0.5, rounds: 2 });
    const [first, second] = records.map((rows) => rows.filter(({ selected }) => selected).map(({ id }) => id));
    expect([first!.length, second!.length]).toEqual([30, 30]);
    expect(second).not.toEqual(first);
  });

  it("trains on the selected pairs and no others, with the higher score as the chosen one", async () => {
    const { records, preferences } = await runDpo(random, { alpha: 0.4 });
    for (const [round, rows] of records.entries()) {
      const selected = rows.filter((row) => row.selected);
      expect([...preferences[round]!].sort(byId)).toEqual(
        selected
          .map(({ id, questionId, a, b, score }) => ({
            id,
            prompt: `prompt of ${questionId}`,
            chosen: score > 0.5 ? b : a,
            rejected: score > 0.5 ? a : b,
          }))
          .sort(byId),
      );
    }
  });

  it("drops ties, which are no preferences, even where alpha leaves room for them", async () => {
    const { records, preferences } = await runDpo(
      scripted(({ id }) => (id.endsWith("/1") ? 0.5 : 0.8)),
      { alpha: 1, rounds: 1 },
    );
    expect(records[0]!.filter(({ selected }) => !selected).map(({ id }) => id)).toEqual(
      records[0]!.map(({ id }) => id).filter((id) => id.endsWith("/1")),
    );
    expect(preferences[0]!.length).toBe(40);
  });

  it("with the oracle holds pairs with exactly one correct answer only, the correct one chosen, whatever F1 says", async () => {
    for (const dpoEvaluatorOrder of ["as-described", "as-released"] as const) {
      const { records, preferences } = await runDpo(oracle, { alpha: 1, fidelity: { dpoEvaluatorOrder } });
      for (const [round, rows] of records.entries()) {
        expect(rows.filter((row) => row.selected)).toEqual(
          rows.filter(({ correctA, correctB }) => correctA !== correctB),
        );
        expect(
          preferences[round]!.every(
            ({ id, chosen, rejected }) => isRight(id.split("/")[0]!, chosen) && !isRight(id.split("/")[0]!, rejected),
          ),
        ).toBe(true);
      }
    }
  });
});

describe("oracle preferences as released (F3, F9)", () => {
  const run = () => runDpo(oracle, { alpha: 1, rounds: 1, fidelity: { oraclePairs: "as-released" } });

  it("score every pair 0 or 1, so that none is more confident than another", async () => {
    const { records } = await run();
    expect(records[0]!.map(({ score }) => score)).toEqual(
      records[0]!.map(({ correctA, correctB }) => Number(correctB && !correctA)),
    );
  });

  it("keep the pairs whose chosen answer is correct: those with both right stay, `a` winning, those with both wrong go", async () => {
    const { records, preferences } = await run();
    expect(records[0]!.filter((row) => row.selected)).toEqual(
      records[0]!.filter(({ correctA, correctB }) => correctA || correctB),
    );
    const byPair = new Map(preferences[0]!.map((pair) => [pair.id, pair]));
    const ties = records[0]!.filter(({ correctA, correctB }) => correctA && correctB);
    expect(ties.length).toBeGreaterThan(5);
    expect(ties.filter(({ id, a, b }) => byPair.get(id)!.chosen !== a || byPair.get(id)!.rejected !== b)).toEqual([]);
  });
});

describe("comparisons without information", () => {
  /** How often the correct answer is the chosen one, among trained pairs where exactly one is correct. */
  const preferenceAccuracy = ({ records }: DpoRun) => {
    const informative = records.flat().filter(({ selected, correctA, correctB }) => selected && correctA !== correctB);
    return {
      hits: informative.filter(({ score, correctB }) => score > 0.5 === correctB).length,
      of: informative.length,
    };
  };

  it("prefer the correct answer half of the time, among all pairs and among the most confident (random source)", async () => {
    for (const alpha of [1, 0.15]) {
      const { hits, of } = preferenceAccuracy(await runDpo(random, { ...many(4000), alpha, rounds: 1 }));
      expect(of).toBeGreaterThan(alpha === 1 ? 2500 : 350);
      expectShare(hits, of, 0.5);
    }
  });

  /** Knows which answer is right, but for a little rounding noise. */
  const perfect = (text: string): number => {
    const { question, b } = JSON.parse(text) as { question: string; b: string };
    return isRight(question, b) ? 0.8333333333333334 : 0.1666666666666667;
  };
  const evaluatorOf = (runner: FakeRunner) => evaluator(runner.putModel("evaluator"));

  it("are what a perfect evaluator gives as released: every score is 0.5 up to rounding (F1)", async () => {
    const fidelity = { dpoEvaluatorOrder: "as-released" } as const;
    const run = await runDpo(evaluatorOf, { ...many(2000), alpha: 1, rounds: 1, classify: perfect, fidelity });
    expect(run.records[0]!.filter(({ score }) => Math.abs(score - 0.5) > 1e-9)).toEqual([]);
    // Ties stay in as released, so alpha = 1 trains on everything.
    expect(run.preferences[0]!.length).toBe(3000);
    const recordOf = new Map(run.records[0]!.map((record) => [record.id, record]));
    const wins = run.preferences[0]!.map(({ id, chosen, rejected }) => ({ ...recordOf.get(id)!, chosen, rejected }));
    expect(
      wins.filter(
        ({ score, a, b, ...row }) => row.chosen !== (score > 0.5 ? b : a) || row.rejected !== (score > 0.5 ? a : b),
      ),
    ).toEqual([]);
    expect(wins.filter(({ score }) => score === 0.5).length).toBeGreaterThan(100);
    const { hits, of } = preferenceAccuracy(run);
    expectShare(hits, of, 0.5);
  });

  it("are not what the same evaluator gives as described", async () => {
    const { hits, of } = preferenceAccuracy(await runDpo(evaluatorOf, { alpha: 0.15, rounds: 1, classify: perfect }));
    expect([hits, of]).toEqual([9, 9]);
  });
});

describe("rounds", () => {
  it.each([
    ["as-described", [undefined, "SFT model", "SFT model"]],
    ["as-released", [undefined, undefined, undefined]],
  ] as const)("start from the last round's policy, which is sampled; reference %s (F7)", async (dpoReference, references) => {
    const { runner, rounds } = await runDpo(random, { rounds: 3, fidelity: { dpoReference } });
    const trainings = runner.callsOf("dpo");
    const starts = ["SFT model", "DPO round 1", "DPO round 2"];
    expect(trainings.map(({ models }) => models.model!.name)).toEqual(starts);
    // The trainer takes the policy for the reference when it is given none.
    expect(trainings.map(({ models }) => models.reference?.name)).toEqual(references);
    expect(runner.callsOf("sample", /: samples/).map(({ models }) => models.model!.name)).toEqual(starts);
    expect(rounds.map(({ model }) => runner.modelOf(model).name)).toEqual([
      "DPO round 1",
      "DPO round 2",
      "DPO round 3",
    ]);
    for (const { round, test } of rounds) expect(runner.rowsOf(test)[0]!.answer).toContain(`DPO round ${round}`);
  });

  it("without preferences leave the policy as it is and train nothing", async () => {
    const { runner, rounds, preferences } = await runDpo(scripted(() => 0.5));
    expect(runner.callsOf("dpo")).toEqual([]);
    expect(preferences).toEqual([undefined, undefined]);
    expect(rounds.map(({ model }) => runner.modelOf(model).name)).toEqual(["SFT model", "SFT model"]);
  });

  it("in which every sample is wrong train nothing under the released oracle, which wants a correct chosen answer", async () => {
    const answer = ({ model, row }: SampleRequest) => wrong(idOf(row.prompt), nameOf(model));
    const { runner } = await runDpo(oracle, { answer, fidelity: { oraclePairs: "as-released" } });
    expect(runner.callsOf("dpo")).toEqual([]);
  });

  it("use the recipe's beta unless another is asked for", async () => {
    const betaOf = ({ runner }: DpoRun) => runner.callsOf("dpo").map(({ params }) => (params as Params<"dpo">).beta);
    expect(betaOf(await runDpo(random))).toEqual([0.1, 0.1]);
    expect(betaOf(await runDpo(random, { beta: 0.5 }))).toEqual([0.5, 0.5]);
  });

  it("never give a trainer a pair of answers that the current policy did not write", async () => {
    const answer = ({ model, row, sample }: SampleRequest) =>
      (sample % 2 ? right : wrong)(idOf(row.prompt), nameOf(model));
    const { preferences } = await runDpo(random, { answer, rounds: 2 });
    const authors = preferences.map(
      (rows) =>
        new Set(rows!.flatMap(({ chosen, rejected }) => [chosen, rejected].map((text) => text.split(" says")[0]))),
    );
    expect(authors).toEqual([new Set(["SFT model"]), new Set(["DPO round 1"])]);
  });
});

const byId = (x: { readonly id: string }, y: { readonly id: string }): number => (x.id < y.id ? -1 : 1);

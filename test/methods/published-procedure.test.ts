/** The methods against the published procedure, written down a second time in published-procedure.ts, on random labels, scores and samples. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type ComparisonSource,
  dpo,
  evaluator,
  type Fidelity,
  ilr,
  type LabelRecord,
  oracle,
  type PairRecord,
  type Refine,
  refineByComparison,
  replaceAtRandom,
  trainEvaluator,
  weakSupervision,
} from "../../kernel-lib/src/methods/index.js";
import type { ClassifierExample, Demonstration, PreferencePair } from "../../kernel-lib/src/steps/index.js";
import type { FakeRunner, SampleRequest } from "./fake-runner.js";
import {
  acceptedAsDescribed,
  acceptedAsReleased,
  acceptedByOracle,
  chosenByReleasedOracle,
  disputed,
  evaluatorPairs,
  type LabelCase,
  type PreferenceCase,
  pairsOf,
  preferredAsDescribed,
  shareAsReleased,
  shareOf,
} from "./published-procedure.js";
import {
  finalOf,
  idOf,
  labelsOf,
  malformed,
  nameOf,
  right,
  skilled,
  type TinyLab,
  type TinyOptions,
  tinyLab,
  tinyTask,
  wrong,
} from "./tiny-setting.js";

const tasks = (unlabelled: number) => ({ task: tinyTask({ train: 2 * unlabelled, validation: 2, test: 2 }) });
const sorted = (ids: readonly string[]): readonly string[] => [...ids].sort();

/** What a label or a proposal may be. Two wrong answers of one slip agree with each other. */
const texts = {
  right: (id: string, who: string) => right(id, who),
  slip: (id: string, who: string) => wrong(id, who, 0),
  blunder: (id: string, who: string) => wrong(id, who, 1),
  malformed: (id: string, who: string) => malformed(id, who),
};
type Kind = keyof typeof texts;
const kind = fc.constantFrom<Kind>("right", "slip", "blunder", "malformed");
const alpha = fc.integer({ min: 0, max: 100 });

interface Drawn {
  readonly label: Kind;
  readonly proposal: Kind;
  readonly score: number;
}
/** Cases whose scores are all different, or (few of them) often equal. */
const drawn = (ties: boolean): fc.Arbitrary<readonly Drawn[]> =>
  ties
    ? fc.array(fc.record({ label: kind, proposal: kind, score: fc.constantFrom(300, 500, 600, 700) }), {
        minLength: 1,
        maxLength: 50,
      })
    : fc
        .uniqueArray(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 50 })
        .chain((scores) =>
          fc.tuple(...scores.map((score) => fc.record({ label: kind, proposal: kind, score: fc.constant(score) }))),
        );

const casesOf = (ids: readonly string[], all: readonly Drawn[]): readonly LabelCase[] =>
  all.map(({ label, proposal, score }, i) => ({
    ...{ id: ids[i]!, score },
    agrees: label === proposal && label !== "malformed",
    malformed: proposal === "malformed",
    labelRight: label === "right",
    proposalRight: proposal === "right",
  }));

/** Runs one refinement, by a source that gives the drawn scores, and returns what was accepted. */
async function refined(
  all: readonly Drawn[],
  refine: (source: ComparisonSource) => Refine,
  fidelity: Partial<Fidelity>,
) {
  const lab = await tinyLab({ ...tasks(all.length), fidelity });
  const { runner, ids, setting } = lab;
  const scoreOf = new Map(ids.map((id, i) => [id, all[i]!.score / 1000]));
  const source: ComparisonSource = {
    name: "drawn",
    score: async (_, pairs) =>
      runner.put(runner.rowsOf(pairs).map((pair) => ({ ...pair, score: scoreOf.get(pair.questionId)! }))),
  };
  const labels = runner.put(labelsOf(ids, (id, i) => texts[all[i]!.label](id, "label")));
  const answers = ids.map((id, i) => texts[all[i]!.proposal](id, "proposal"));
  const proposals = runner.put(
    ids.map((id, i) => ({ id, sample: 0, answer: answers[i]!, tokens: 1, logprob: -1, finished: true })),
  );
  const { records } = await refine(source)(setting, { labels, proposals, round: 1, label: "test" });
  const accepted = runner.rowsOf<LabelRecord>(records).flatMap((row) => (row.accepted ? [row.id] : []));
  return { accepted, cases: casesOf(ids, all) };
}

describe("ILR accepts what the published rule accepts", () => {
  const by = (p: number) => (source: ComparisonSource) => refineByComparison(source, p / 100);

  it("as described: the best floor(alpha * n) of those above one half, exactly", async () => {
    await fc.assert(
      fc.asyncProperty(drawn(false), alpha, async (all, p) => {
        const { accepted, cases } = await refined(all, by(p), {});
        expect(sorted(accepted)).toEqual(sorted(acceptedAsDescribed(cases, p)));
      }),
      { numRuns: 150 },
    );
  });

  it("as described with ties: as many, all as good or better than any that is left out", async () => {
    await fc.assert(
      fc.asyncProperty(drawn(true), alpha, async (all, p) => {
        const { accepted, cases } = await refined(all, by(p), {});
        expect(accepted.length).toBe(acceptedAsDescribed(cases, p).length);
        const scoreOf = new Map(cases.map(({ id, score }) => [id, score]));
        const worst = Math.min(...accepted.map((id) => scoreOf.get(id)!));
        const left = disputed(cases).filter(({ id, score }) => !accepted.includes(id) && score > 500);
        if (accepted.length < Math.floor((p * cases.length) / 100)) expect(left).toEqual([]);
        expect(left.filter(({ score }) => accepted.length > 0 && score > worst)).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  // F2. We take the best floor(alpha * m) of the m disagreeing examples; the released code takes all above numpy's percentile. Without ties
  // that is ceil(alpha * (m - 1)): the same, or one example more, which is when alpha * m has a fraction above alpha.
  it("as released (F2): the released set, or all of it but its least confident example", async () => {
    const seen = { same: 0, oneLess: 0 };
    await fc.assert(
      fc.asyncProperty(drawn(false), fc.integer({ min: 0, max: 99 }), async (all, p) => {
        const { accepted, cases } = await refined(all, by(p), { alphaBase: "as-released" });
        const released = acceptedAsReleased(cases, p);
        const m = disputed(cases).length;
        const confident = disputed(cases).filter(({ score }) => score > 500).length;
        expect(released.length).toBe(Math.min(confident, Math.ceil((p * Math.max(0, m - 1)) / 100)));
        expect(accepted.length).toBe(Math.min(confident, Math.floor((p * m) / 100)));
        const scoreOf = new Map(cases.map(({ id, score }) => [id, score]));
        const ranked = [...released].sort((x, y) => scoreOf.get(y)! - scoreOf.get(x)!);
        const oneMore = (p * m) % 100 > p && accepted.length < confident;
        expect(sorted(accepted)).toEqual(sorted(ranked.slice(0, released.length - (oneMore ? 1 : 0))));
        seen[oneMore ? "oneLess" : "same"]++;
      }),
      { numRuns: 200 },
    );
    expect(Math.min(seen.same, seen.oneLess)).toBeGreaterThan(20);
  });

  // With ties the rules part: the released code refuses all that are equal to the threshold, we draw among them up to the cap.
  it("as released with ties: everything that the released code accepts where that is within the cap, then ties by lot", async () => {
    await fc.assert(
      fc.asyncProperty(drawn(true), fc.integer({ min: 0, max: 99 }), async (all, p) => {
        const { accepted, cases } = await refined(all, by(p), { alphaBase: "as-released" });
        const [released, pairs] = [acceptedAsReleased(cases, p), disputed(cases)];
        const cap = Math.floor((p * pairs.length) / 100);
        expect(accepted.length).toBe(Math.min(cap, pairs.filter(({ score }) => score > 500).length));
        expect(released.length).toBeLessThanOrEqual(cap + 1);
        if (released.length <= cap) expect(released.filter((id) => !accepted.includes(id))).toEqual([]);
      }),
      { numRuns: 100 },
    );
    const equal = Array.from({ length: 40 }, (): Drawn => ({ label: "slip", proposal: "right", score: 600 }));
    const { accepted, cases } = await refined(equal, by(15), { alphaBase: "as-released" });
    expect([accepted.length, acceptedAsReleased(cases, 15).length]).toEqual([6, 0]);
  });

  it("from the oracle: correct proposals only, all of them as released (F3), up to the cap as described", async () => {
    await fc.assert(
      fc.asyncProperty(drawn(true), alpha, async (all, p) => {
        const described = await refined(all, () => refineByComparison(oracle, p / 100), {});
        const uncapped = await refined(all, () => refineByComparison(oracle, p / 100), { oracleCap: "as-released" });
        const correct = acceptedByOracle(described.cases);
        expect(sorted(uncapped.accepted)).toEqual(sorted(correct));
        expect(described.accepted.length).toBe(Math.min(correct.length, Math.floor((p * all.length) / 100)));
        expect(described.accepted.filter((id) => !correct.includes(id))).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it("naively: floor(alpha * n) of all, as described others in each round, as released (F2) the same in all", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 20, max: 60 }), fc.integer({ min: 20, max: 60 }), async (n, p) => {
        for (const alphaBase of ["as-described", "as-released"] as const) {
          const { runner, ids, setting } = await tinyLab({ ...tasks(n), fidelity: { alphaBase } });
          const replaced = new Set<string>();
          const [labels, rounds] = [runner.put(labelsOf(ids, (id) => right(id))), 4];
          for (let round = 1; round <= rounds; round++) {
            const proposals = runner.put(
              ids.map((id) => ({ id, sample: round, answer: wrong(id), tokens: 1, logprob: -1, finished: true })),
            );
            const { records } = await replaceAtRandom(p / 100)(setting, { labels, proposals, round, label: "test" });
            const accepted = runner.rowsOf<LabelRecord>(records).filter((row) => row.accepted);
            expect(accepted.length).toBe(Math.floor((p * n) / 100));
            for (const { id } of accepted) replaced.add(id);
          }
          if (alphaBase === "as-released") expect(replaced.size).toBe(Math.floor((p * n) / 100));
          else expect(replaced.size).toBeGreaterThan(Math.floor((p * n) / 100));
        }
      }),
      { numRuns: 20 },
    );
  });
});

describe("cross-labelling", () => {
  it("cuts the labels in two halves, and has each answered by the model of the other", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: 41 }), fc.integer({ min: 0, max: 5 }), async (n, seed) => {
        // Well-formed answers only: a malformed label is dropped before training, and answered all the same.
        const answer = skilled(() => ({ right: 0.5, malformed: 0 }));
        const { runner, setting, ids } = await tinyLab({ ...tasks(n), seed, answer });
        const start = runner.put(labelsOf(ids, (id) => right(id)));
        for await (const { round } of ilr(setting, start, { refine: replaceAtRandom(0.2), rounds: 2, name: "ILR" })) {
          const [first, second] = [1, 2].map((k) => ({
            trained: runner.callsOf("sft", new RegExp(`round ${round}: half model ${k}`))[0]!.rows.demonstrations!,
            asked: runner.callsOf("sample", new RegExp(`round ${round}: half model ${k}`))[0]!.rows.prompts!,
          }));
          const names = (rows: readonly object[]) => (rows as readonly Demonstration[]).map(({ id }) => id);
          expect(sorted([...names(first!.trained), ...names(second!.trained)])).toEqual(sorted(ids));
          expect(sorted(names(first!.asked))).toEqual(sorted(names(second!.trained)));
          expect(sorted(names(second!.asked))).toEqual(sorted(names(first!.trained)));
          expect(Math.abs(first!.trained.length - second!.trained.length)).toBeLessThan(2);
        }
      }),
      { numRuns: 15 },
    );
  });
});

interface DpoOutcome {
  readonly records: readonly (readonly PairRecord[])[];
  readonly preferences: readonly (readonly PreferencePair[])[];
}

async function runDpo(
  source: (runner: FakeRunner) => ComparisonSource,
  p: number,
  options: TinyOptions & { readonly rounds?: number },
): Promise<DpoOutcome & TinyLab> {
  const { rounds = 1, ...tiny } = options;
  const lab = await tinyLab(tiny);
  const choices = { comparisons: source(lab.runner), alpha: p / 100, rounds, name: "DPO" };
  const records: (readonly PairRecord[])[] = [];
  for await (const { pairs } of dpo(lab.setting, lab.runner.putModel("SFT model"), choices))
    records.push(lab.runner.rowsOf(pairs));
  const preferences = lab.runner.callsOf("dpo").map(({ rows }) => rows.pairs as readonly PreferencePair[]);
  return { ...lab, records, preferences };
}

describe("DPO prefers what the published rule prefers", () => {
  const n = 9;
  const isRight = ({ questionId }: PairRecord, text: string): boolean => finalOf(text) === questionId.split("-")[1];
  const selectedIn = (records: readonly PairRecord[]): readonly string[] =>
    records.flatMap(({ id, selected }) => (selected ? [id] : []));

  it("pairs samples (1, 2), (3, 4), (5, 6)", async () => {
    const answer = ({ row, sample }: SampleRequest) => `${sample} of ${idOf(row.prompt)} #### ${sample}`;
    const { records, ids } = await runDpo(() => oracle, 100, { ...tasks(n), answer });
    const samples = (id: string) => Array.from({ length: 6 }, (_, k) => `${k} of ${id} #### ${k}`);
    expect(records[0]!.map(({ a, b }) => [a, b])).toEqual(ids.flatMap((id) => pairsOf(samples(id))));
  });

  it("as described: the alpha percent farthest from one half, ties left out, exactly", async () => {
    const scores = fc.uniqueArray(fc.integer({ min: 0, max: 1000 }), {
      ...{ minLength: 3 * n, maxLength: 3 * n },
      selector: (score) => Math.abs(score - 500),
    });
    await fc.assert(
      fc.asyncProperty(scores, alpha, async (grid, p) => {
        const { records, preferences } = await runDpo(scripted(grid), p, tasks(n));
        const cases = records[0]!.map(
          ({ id }, i): PreferenceCase => ({ id, aRight: true, bRight: true, score: grid[i]! }),
        );
        const expected = preferredAsDescribed(cases, p);
        expect(sorted(selectedIn(records[0]!))).toEqual(sorted(expected));
        const byId = new Map(records[0]!.map((row) => [row.id, row]));
        for (const { id, chosen, rejected } of preferences[0] ?? []) {
          const { a, b, score } = byId.get(id)!;
          expect([chosen, rejected]).toEqual(score > 0.5 ? [b, a] : [a, b]);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("scores a pair by the mean of accepting b and of rejecting a, twice in the same order as released (F1)", async () => {
    const probability = fc.integer({ min: 0, max: 1000 });
    await fc.assert(
      fc.asyncProperty(probability, probability, async (forward, backward) => {
        const answer = ({ row, sample }: SampleRequest) => `${"ab"[sample % 2]} ${idOf(row.prompt)} #### ${sample}`;
        const classify = (text: string) =>
          ((JSON.parse(text) as { a: string }).a[0] === "a" ? forward : backward) / 1000;
        const source = (runner: FakeRunner) => evaluator(runner.putModel("evaluator"));
        for (const [order, expected] of [
          ["as-described", (forward + (1000 - backward)) / 2000],
          ["as-released", (forward + (1000 - forward)) / 2000],
        ] as const) {
          const options = { ...tasks(3), answer, classify, fidelity: { dpoEvaluatorOrder: order } };
          const { records } = await runDpo(source, 15, options);
          for (const { score } of records[0]!) expect(score).toBeCloseTo(expected, 12);
        }
      }),
      { numRuns: 25 },
    );
  });

  it("from the oracle, as described: informative pairs only, the correct answer chosen", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 99 }), alpha, async (seed, p) => {
        const { records, preferences } = await runDpo(() => oracle, p, { ...tasks(n), seed });
        const informative = records[0]!.filter((row) => isRight(row, row.a) !== isRight(row, row.b));
        const ids = informative.map(({ id }) => id);
        expect(selectedIn(records[0]!).filter((id) => !ids.includes(id))).toEqual([]);
        expect(selectedIn(records[0]!).length).toBe(Math.min(ids.length, shareOf(3 * n, p)));
        for (const { id, chosen } of preferences[0] ?? [])
          expect(isRight(records[0]!.find((row) => row.id === id)!, chosen)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it("from the oracle, as released (F3, F9): an arbitrary share, the same in each round, of which wrong chosen ones go", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 99 }), fc.integer({ min: 20, max: 100 }), async (seed, p) => {
        const options = { ...tasks(n), seed, rounds: 3, fidelity: { oraclePairs: "as-released" } as const };
        const { records, preferences } = await runDpo(() => oracle, p, options);
        const slots = new Set<string>();
        let [trained, fates] = [0, 0];
        for (const rows of records) {
          const fateOf = (row: PairRecord) =>
            chosenByReleasedOracle({ id: row.id, score: 0, aRight: isRight(row, row.a), bRight: isRight(row, row.b) });
          for (const row of rows.filter(({ selected }) => selected)) {
            slots.add(row.id);
            expect(fateOf(row)).not.toBe("dropped");
            const pair = preferences[trained]!.find(({ id }) => id === row.id)!;
            expect(pair.chosen).toBe(fateOf(row) === "b" ? row.b : row.a);
          }
          // A round in which every chosen answer is wrong trains nothing.
          if (rows.some(({ selected }) => selected)) trained++;
          fates += rows.filter((row) => fateOf(row) === "dropped").length;
        }
        // Over all rounds no more pairs than one round's share: they are the same places each time.
        expect(slots.size).toBeLessThanOrEqual(shareOf(3 * n, p));
        expect(trained).toBe(preferences.length);
        expect(fates).toBeGreaterThan(0);
      }),
      { numRuns: 25 },
    );
  });

  // The released loop takes the pairs up to the first index above alpha * n; we take the nearest number to alpha * n.
  it("keeps the released number of pairs, or one less", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30_000 }), fc.integer({ min: 0, max: 99 }), (count, p) => {
        const lost = shareAsReleased(count, p) - shareOf(count, p);
        expect(lost).toBe((p * count) % 100 >= 50 ? 0 : 1);
      }),
    );
    // GSM8K: 3,737 questions, three pairs each; micro-math: 2,000 questions.
    expect([shareOf(11_211, 15), shareAsReleased(11_211, 15)]).toEqual([1682, 1682]);
    expect([shareOf(6000, 15), shareAsReleased(6000, 15)]).toEqual([900, 901]);
  });
});

/** Scores in the order in which pairs are asked about. */
const scripted =
  (grid: readonly number[]) =>
  (runner: FakeRunner): ComparisonSource => ({
    name: "scripted",
    score: async (_, pairs) => runner.put(runner.rowsOf(pairs).map((pair, i) => ({ ...pair, score: grid[i]! / 1000 }))),
  });

describe("the evaluator learns from pairs that the published procedure allows", () => {
  it("whatever the checkpoints got right", async () => {
    const patterns = fc.array(fc.tuple(fc.boolean(), fc.boolean(), fc.boolean(), fc.boolean()), {
      ...{ minLength: 10, maxLength: 20 },
    });
    await fc.assert(
      fc.asyncProperty(patterns, async (all) => {
        const known = new Map<string, readonly boolean[]>();
        const answer = ({ model, row }: SampleRequest) => {
          const id = idOf(row.prompt);
          const place = Number(model.checkpoint?.slice(-2) ?? 4) - 1;
          const pattern = known.get(id) ?? known.set(id, all[known.size % all.length]!).get(id)!;
          return (pattern[place] ? right : wrong)(id, nameOf(model));
        };
        const { runner, setting } = await tinyLab({ ...tasks(all.length), answer });
        const trained = await trainEvaluator(setting, await weakSupervision(setting));
        const examples = [trained.train, trained.validation].flatMap((table) =>
          runner.rowsOf<ClassifierExample>(table),
        );
        expect(examples.length).toBe(2 * all.length);
        for (const { text, label } of examples) {
          const { question, a, b } = JSON.parse(text) as { question: string; a: string; b: string };
          const author = (answerText: string) =>
            answerText.startsWith("secret") ? "reference" : Number(/checkpoint-0(\d)/.exec(answerText)![1]) - 1;
          const pair = label === 1 ? [author(b), author(a)] : [author(a), author(b)];
          expect(evaluatorPairs(known.get(question)!)).toContainEqual(pair);
        }
      }),
      { numRuns: 30 },
    );
  });
});

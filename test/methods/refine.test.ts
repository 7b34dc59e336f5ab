import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type ComparisonSource,
  type LabelRecord,
  oracle,
  type Refine,
  type RefineInput,
  refineByComparison,
  replaceAtRandom,
  type ScoredPair,
} from "../../kernel-lib/src/methods/index.js";
import type { Artifact } from "../../kernel-lib/src/steps/index.js";
import {
  asDescribed,
  asReleased,
  finalOf,
  labelsOf,
  malformed,
  right,
  type TinyLab,
  tinyLab,
  tinyTask,
  wrong,
} from "./tiny-setting.js";

/** How a text stands: correct, wrong in one of two ways, or malformed. */
const KINDS = {
  right: (id: string, who: string) => right(id, who),
  slip: (id: string, who: string) => wrong(id, who, 0),
  blunder: (id: string, who: string) => wrong(id, who, 1),
  malformed: (id: string, who: string) => malformed(id, who),
};
type Kind = keyof typeof KINDS;
const kind = fc.constantFrom<Kind>("right", "slip", "blunder", "malformed");
/** What the label and the proposal of each question are. */
const cases = fc.array(fc.record({ label: kind, proposal: kind }), { minLength: 1, maxLength: 60 });
const percent = fc.integer({ min: 0, max: 100 });
const variant = fc.constantFrom("as-described" as const, "as-released" as const);

const labFor = (count: number, fidelity = {}): Promise<TinyLab> =>
  tinyLab({ task: tinyTask({ train: 2 * count, validation: 2, test: 2 }), fidelity });

function inputFor({ runner, ids }: TinyLab, kinds: readonly { label: Kind; proposal: Kind }[], round = 1): RefineInput {
  const labels = runner.put(labelsOf(ids, (id, i) => KINDS[kinds[i]!.label](id, "label")));
  return { labels, proposals: proposalsFor({ runner, ids } as TinyLab, kinds), round, label: "test" };
}

function proposalsFor({ runner, ids }: TinyLab, kinds: readonly { proposal: Kind }[], who = "proposal") {
  return runner.put(
    ids.map((id, i) => {
      const answer = KINDS[kinds[i]!.proposal](id, who);
      return { id, sample: 0, answer, tokens: 1, logprob: -1, finished: true };
    }),
  );
}

/** A source whose scores are given, by question. */
const scripted = (runner: TinyLab["runner"], scores: (questionId: string) => number): ComparisonSource => ({
  name: "scripted",
  score: async (_, pairs): Promise<Artifact<ScoredPair>> =>
    runner.put(runner.rowsOf(pairs).map((pair) => ({ ...pair, score: scores(pair.questionId) }))),
});

async function refined(lab: TinyLab, refine: Refine, input: RefineInput) {
  const { labels, records } = await refine(lab.setting, input);
  const before = lab.runner.rowsOf(input.labels);
  return { before, after: lab.runner.rowsOf(labels), records: lab.runner.rowsOf(records), labels };
}
const acceptedIds = (records: readonly LabelRecord[]): string[] =>
  records.filter(({ accepted }) => accepted).map(({ id }) => id);

/** Whether a label may be compared at all: its proposal is well-formed and says something else. */
const isDisputed = ({ label, proposal }: LabelRecord): boolean =>
  finalOf(proposal) !== undefined && finalOf(proposal) !== finalOf(label);

describe("refinement by comparison", () => {
  it("with the oracle makes no right label wrong, in any round, as described and as released", async () => {
    const rounds = fc.array(fc.array(kind, { minLength: 30, maxLength: 30 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(
        rounds,
        fc.array(kind, { minLength: 30, maxLength: 30 }),
        percent,
        variant,
        async (proposals, start, p, v) => {
          const lab = await labFor(30, v === "as-described" ? asDescribed : asReleased);
          const first = proposals[0]!.map((proposal, i) => ({ label: start[i]!, proposal }));
          let input = inputFor(lab, first);
          for (const [round, kinds] of proposals.entries()) {
            const next = proposalsFor(
              lab,
              kinds.map((proposal) => ({ proposal })),
              `round ${round}`,
            );
            const { before, after, labels } = await refined(lab, refineByComparison(oracle, p / 100), {
              ...input,
              proposals: next,
              round,
            });
            const isRight = ({ id, answer }: { id: string; answer: string }) => finalOf(answer) === id.split("-")[1];
            expect(before.filter((row, i) => isRight(row) && !isRight(after[i]!))).toEqual([]);
            input = { ...input, labels };
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it("with the oracle as released takes every correct proposal for a wrong label, whatever alpha (F3)", async () => {
    await fc.assert(
      fc.asyncProperty(cases, percent, async (kinds, p) => {
        const lab = await labFor(kinds.length, asReleased);
        const { records } = await refined(lab, refineByComparison(oracle, p / 100), inputFor(lab, kinds));
        expect(acceptedIds(records)).toEqual(
          lab.ids.filter((_, i) => kinds[i]!.label !== "right" && kinds[i]!.proposal === "right"),
        );
      }),
      { numRuns: 40 },
    );
  });

  it("accepts exactly where score > max(0.5, the (1 - alpha) percentile), of all labels or of the disagreeing ones (F2)", async () => {
    const scores = fc.uniqueArray(fc.integer({ min: 0, max: 1000 }), { minLength: 60, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(cases, scores, percent, variant, variant, async (kinds, grid, p, alphaBase, oracleCap) => {
        // F3 lifts the cap for the oracle only, and this is another source.
        const lab = await labFor(kinds.length, { alphaBase, oracleCap });
        const scoreOf = new Map(lab.ids.map((id, i) => [id, grid[i]! / 1000]));
        const refine = refineByComparison(
          scripted(lab.runner, (id) => scoreOf.get(id)!),
          p / 100,
        );
        const { records } = await refined(lab, refine, inputFor(lab, kinds));
        // What was not compared ranks below everything that was.
        const ranked = records.flatMap((record) =>
          isDisputed(record)
            ? [scoreOf.get(record.id)!]
            : alphaBase === "as-described"
              ? [Number.NEGATIVE_INFINITY]
              : [],
        );
        const threshold = Math.max(0.5, percentile(ranked, 100 - p));
        expect(acceptedIds(records)).toEqual(
          records.filter((record) => isDisputed(record) && scoreOf.get(record.id)! > threshold).map(({ id }) => id),
        );
      }),
      { numRuns: 200 },
    );
  });

  it("never replaces more than the share alpha, even where all scores are equal", async () => {
    await fc.assert(
      fc.asyncProperty(cases, fc.constantFrom(0.5, 0.6, 1), percent, variant, async (kinds, score, p, alphaBase) => {
        const lab = await labFor(kinds.length, { alphaBase });
        const { records } = await refined(
          lab,
          refineByComparison(
            scripted(lab.runner, () => score),
            p / 100,
          ),
          inputFor(lab, kinds),
        );
        const disputed = records.filter(isDisputed).length;
        const cap = Math.floor((p * (alphaBase === "as-described" ? records.length : disputed)) / 100);
        expect(acceptedIds(records).length).toBe(score > 0.5 ? Math.min(cap, disputed) : 0);
      }),
      { numRuns: 100 },
    );
  });

  it("keeps agreeing labels word for word and takes no malformed proposal, even from a source that wants all of them", async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (kinds) => {
        const lab = await labFor(kinds.length);
        const refine = refineByComparison(
          scripted(lab.runner, () => 1),
          1,
        );
        const { before, after, records } = await refined(lab, refine, inputFor(lab, kinds));
        for (const [i, { label, proposal }] of kinds.entries()) {
          const stays = proposal === "malformed" || proposal === label;
          expect(after[i]!.answer).toBe(stays ? before[i]!.answer : KINDS[proposal](lab.ids[i]!, "proposal"));
          expect(records[i]!.score).toBe(stays ? null : 1);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("keeps ids, prompts and their order, and records what it did", async () => {
    await fc.assert(
      fc.asyncProperty(cases, percent, fc.boolean(), async (kinds, p, compares) => {
        const lab = await labFor(kinds.length);
        const refine = compares ? refineByComparison(oracle, p / 100) : replaceAtRandom(p / 100);
        const { before, after, records } = await refined(lab, refine, inputFor(lab, kinds));
        expect(after.map(({ id, prompt }) => ({ id, prompt }))).toEqual(
          before.map(({ id, prompt }) => ({ id, prompt })),
        );
        expect(records.map(({ label }) => label)).toEqual(before.map(({ answer }) => answer));
        expect(records.map((row) => (row.accepted ? row.proposal : row.label))).toEqual(
          after.map(({ answer }) => answer),
        );
        expect(records.map(({ labelCorrect }) => labelCorrect)).toEqual(kinds.map(({ label }) => label === "right"));
        expect(records.map(({ proposalCorrect }) => proposalCorrect)).toEqual(
          kinds.map(({ proposal }) => proposal === "right"),
        );
      }),
      { numRuns: 60 },
    );
  });
});

describe("naive refinement", () => {
  it("replaces exactly floor(alpha * n) labels", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 200 }), percent, async (count, p) => {
        const lab = await labFor(count);
        const kinds = lab.ids.map(() => ({ label: "right", proposal: "slip" }) as const);
        const { records } = await refined(lab, replaceAtRandom(p / 100), inputFor(lab, kinds));
        expect(acceptedIds(records).length).toBe(Math.floor((p * count) / 100));
      }),
      {
        numRuns: 60,
        examples: [
          [100, 29],
          [100, 57],
        ],
      },
    );
  });

  it("does not look at the answers: the same questions are replaced whatever labels and proposals say", async () => {
    await fc.assert(
      fc.asyncProperty(cases, cases, async (some, others) => {
        const lab = await labFor(Math.min(some.length, others.length));
        const [a, b] = await Promise.all(
          [some, others].map((kinds) => refined(lab, replaceAtRandom(0.5), inputFor(lab, kinds))),
        );
        expect(acceptedIds(a!.records)).toEqual(acceptedIds(b!.records));
      }),
      { numRuns: 40 },
    );
  });

  it("replaces every question equally often, over rounds", async () => {
    const lab = await labFor(20);
    const kinds = lab.ids.map(() => ({ label: "right", proposal: "slip" }) as const);
    const counts = new Map(lab.ids.map((id) => [id, 0]));
    const rounds = 400;
    for (let round = 1; round <= rounds; round++) {
      const { records } = await refined(lab, replaceAtRandom(0.25), inputFor(lab, kinds, round));
      for (const id of acceptedIds(records)) counts.set(id, counts.get(id)! + 1);
    }
    // Each count is binomial(400, 1/4); four standard errors.
    for (const count of counts.values())
      expect(Math.abs(count - rounds / 4)).toBeLessThan(4 * Math.sqrt((rounds * 3) / 16));
  });
});

/** Nearest-rank percentile: the least value with at least p % of all values at or below it (p = 0: below all). */
function percentile(values: readonly number[], p: number): number {
  const reached = values.filter((value) => 100 * values.filter((other) => other <= value).length >= p * values.length);
  return p === 0 ? Number.NEGATIVE_INFINITY : Math.min(...reached);
}

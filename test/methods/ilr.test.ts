import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type IlrRound,
  ilr,
  oracle,
  type Refine,
  random,
  refineByComparison,
  replaceAtRandom,
} from "../../kernel-lib/src/methods/index.js";
import type { Demonstration, PromptRow } from "../../kernel-lib/src/steps/index.js";
import type { StepCall } from "./fake-runner.js";
import {
  asReleased,
  finalOf,
  labelsOf,
  malformed,
  right,
  skilled,
  type TinyLab,
  type TinyOptions,
  tinyLab,
  tinyTask,
  wrong,
} from "./tiny-setting.js";

interface IlrRun extends TinyLab {
  readonly start: readonly Demonstration[];
  readonly rounds: readonly IlrRound[];
  /** The labels that each round begins with. */
  readonly labelsBefore: (round: number) => readonly Demonstration[];
}

/** 21 labels (an odd number: 41 training questions), some of them malformed, refined for three rounds. */
async function runIlr(refine: Refine, options: TinyOptions = {}): Promise<IlrRun> {
  const lab = await tinyLab({ task: tinyTask({ train: 41, validation: 2, test: 5 }), ...options });
  const { runner, setting, ids } = lab;
  const start = labelsOf(ids, (id, i) => [right, wrong, malformed][i % 3]!(id, "weak"));
  const rounds: IlrRound[] = [];
  for await (const round of ilr(setting, runner.put(start), { refine, rounds: 3, name: "ILR" })) rounds.push(round);
  const labelsBefore = (round: number) => (round === 1 ? start : runner.rowsOf(rounds[round - 2]!.labels));
  return { ...lab, start, rounds, labelsBefore };
}

const idsOf = (rows: readonly object[] | undefined): string[] =>
  (rows as readonly { id: string }[]).map(({ id }) => id);
const sorted = (ids: readonly string[]): string[] => [...ids].sort();
const wellFormed = (rows: readonly Demonstration[]) => rows.filter(({ answer }) => finalOf(answer) !== undefined);
const refineAll = refineByComparison(random, 1);

describe("cross-labelling", () => {
  /** The two trainings and the two samplings of a round's half models. */
  const halves = ({ runner }: IlrRun, round: number): { trained: StepCall[]; asked: StepCall[] } => ({
    trained: [...runner.callsOf("sft", new RegExp(`^ILR round ${round}: half model`))],
    asked: [...runner.callsOf("sample", new RegExp(`^ILR round ${round}: half model`))],
  });

  it("partitions the labelled set in halves whose sizes differ by at most one", async () => {
    const run = await runIlr(refineAll);
    for (const round of [1, 2, 3]) {
      const [first, second] = halves(run, round).asked.map(({ rows }) => idsOf(rows.prompts));
      expect(sorted([...first!, ...second!])).toEqual(sorted(run.ids));
      expect(Math.abs(first!.length - second!.length)).toBeLessThanOrEqual(1);
    }
  });

  it("draws other halves in every round", async () => {
    const run = await runIlr(refineAll);
    const firstHalves = [1, 2, 3].map((round) => sorted(idsOf(halves(run, round).asked[0]!.rows.prompts)).join());
    expect(new Set(firstHalves).size).toBe(3);
  });

  it("trains each half model, from the pretrained weights, on the well-formed labels of the half that it does not answer", async () => {
    const run = await runIlr(refineAll);
    for (const round of [1, 2, 3]) {
      const { trained, asked } = halves(run, round);
      expect(trained.map(({ models }) => models.model!.name)).toEqual(["strong base", "strong base"]);
      for (const call of asked) {
        const answered = new Set(idsOf(call.rows.prompts));
        const other = run.labelsBefore(round).filter(({ id }) => !answered.has(id));
        const learned = call.models.model!.trainedOn.demonstrations as readonly Demonstration[];
        expect(sorted(idsOf(learned))).toEqual(sorted(idsOf(wellFormed(other))));
        // From the labels as the last round left them.
        expect(
          learned.filter((row) => !other.some(({ id, answer }) => id === row.id && answer === row.answer)),
        ).toEqual([]);
      }
    }
  });

  it("takes every proposal from the half model that was not trained on that question", async () => {
    const run = await runIlr(refineAll);
    for (const { round, records } of run.rounds) {
      const { trained } = halves(run, round);
      for (const { id, proposal } of run.runner.rowsOf(records)) {
        // The fake models put their names into their answers.
        const author = trained.find(({ label }) => proposal.startsWith(label));
        expect(author, proposal).toBeDefined();
        expect(idsOf(author!.rows.demonstrations)).not.toContain(id);
      }
    }
  });

  it("shows the half models prompts only", async () => {
    const run = await runIlr(refineAll);
    const keys = run.runner
      .callsOf("sample")
      .flatMap(({ rows }) => (rows.prompts as readonly PromptRow[]).map((row) => Object.keys(row)));
    expect(new Set(keys.map((names) => names.join()))).toEqual(new Set(["id,prompt"]));
  });

  it("returns one proposal a label, in the labels' order", async () => {
    const run = await runIlr(refineAll);
    for (const { records } of run.rounds) expect(idsOf(run.runner.rowsOf(records))).toEqual(run.ids);
  });

  it("answers greedily, or as released with a beam of four (F5)", async () => {
    const kinds = async (options: TinyOptions) => {
      const { runner } = await runIlr(refineAll, options);
      return new Set(
        runner.callsOf("sample").map(({ params }) => JSON.stringify((params as { decoding: object }).decoding)),
      );
    };
    expect(await kinds({})).toEqual(new Set(['{"kind":"greedy"}']));
    expect(await kinds({ fidelity: { decoding: "as-released" } })).toEqual(new Set(['{"kind":"beam","width":4}']));
  });
});

describe("iterative label refinement", () => {
  it("trains every round's student from the pretrained weights, never from the last student", async () => {
    const { runner } = await runIlr(refineAll);
    const students = runner.callsOf("sft", /student/);
    expect(students.map(({ models }) => models.model!.name)).toEqual(["strong base", "strong base", "strong base"]);
    expect(students.map(({ models }) => models.model!.parent)).toEqual([undefined, undefined, undefined]);
  });

  it("trains the student on the round's refined labels", async () => {
    const { runner, rounds } = await runIlr(refineAll);
    const students = runner.callsOf("sft", /student/);
    for (const [i, { labels }] of rounds.entries())
      expect(students[i]!.rows.demonstrations).toEqual(wellFormed(runner.rowsOf(labels)));
  });

  it("begins each round with the labels that the last one left", async () => {
    for (const refine of [refineAll, replaceAtRandom(0.3), refineByComparison(oracle, 0.2)]) {
      const run = await runIlr(refine);
      for (const { round, records } of run.rounds)
        expect(run.runner.rowsOf(records).map(({ label }) => label)).toEqual(
          run.labelsBefore(round).map(({ answer }) => answer),
        );
      expect(run.rounds.map(({ round }) => round)).toEqual([1, 2, 3]);
    }
  });

  it("with the oracle never loses label accuracy from round to round", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 99 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.constantFrom({}, asReleased),
        async (seed, share, fidelity) => {
          const answer = skilled(() => ({ right: share, malformed: 0.1 }));
          const { runner, rounds, labelsBefore } = await runIlr(refineByComparison(oracle), { seed, fidelity, answer });
          const accuracy = (labels: readonly Demonstration[]) =>
            labels.filter(({ id, answer }) => finalOf(answer) === id.split("-")[1]).length / labels.length;
          for (const { round, labels } of rounds)
            expect(accuracy(runner.rowsOf(labels))).toBeGreaterThanOrEqual(accuracy(labelsBefore(round)));
        },
      ),
      { numRuns: 15 },
    );
  });

  it("tests every round's student on the test split", async () => {
    const { runner, rounds, setting } = await runIlr(refineAll);
    for (const { test, round } of rounds) {
      const graded = runner.rowsOf(test);
      expect(idsOf(graded)).toEqual(idsOf(runner.rowsOf(setting.test.questions)));
      expect(graded.every(({ answer }) => answer.startsWith(`ILR round ${round}: student`))).toBe(true);
      expect(graded.map(({ score }) => score)).toEqual(
        graded.map(({ id, answer }) => Number(finalOf(answer) === id.split("-")[1])),
      );
    }
  });

  it("asked for twice with one seed, asks for the same steps; with another seed, for others", async () => {
    const steps = async (seed: number) =>
      (await runIlr(refineAll, { seed })).runner.calls.map(({ outputs }) => JSON.stringify(outputs)).sort();
    expect(await steps(0)).toEqual(await steps(0));
    expect(await steps(0)).not.toEqual(await steps(1));
  });
});

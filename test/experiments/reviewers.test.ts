/** What the paper's reviewers asked for, as one experiment: every arm runs, and it shares with the main experiment what it can. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Experiment,
  type PlanMatrix,
  type PricedStep,
  parseExperiment,
  planExperiments,
  presetByName,
  type RunRecord,
  runExperiment,
  setField,
} from "../../kernel-lib/src/experiments/index.js";
import { openStore, type Store } from "../../kernel-lib/src/store/index.js";
import { pretendingBackend } from "./pretending-backend.js";

const CHANGES = [
  "seeds=[0]",
  'limit={"train":80,"validation":6,"test":8}',
  "bases.weak.corpusTokens=2000",
  "bases.strong.corpusTokens=2000",
];
/** A preset on a handful of questions, one seed. */
const small = (name: string): Experiment => parseExperiment(CHANGES.reduce(setField, presetByName(name)));

const [main, reviewers] = ["micro-math/main", "micro-math/reviewers"] as const;
let where: { readonly store: Store; readonly results: string };
let folder: string;
let matrix: PlanMatrix;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ilr-test-"));
  where = { store: await openStore(join(folder, "store")), results: join(folder, "results") };
  matrix = await planExperiments([small(main), small(reviewers)], { ...where, backend: pretendingBackend() });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const usedBy = (experiment: string, arm?: string) => (step: PricedStep) =>
  step.uses.some((use) => use.experiment === experiment && (arm === undefined || use.arm === arm));

describe("the reviewers' questions", () => {
  it("need no step of their own for the arms that the main experiment has", () => {
    const arms = small(main).arms.map(({ name }) => name);
    const known = small(reviewers).arms.filter(({ name }) => arms.includes(name));
    expect(known.length).toBe(8);
    for (const { name } of known) {
      const needed = matrix.steps.filter(usedBy(reviewers, name));
      expect(needed.length).toBeGreaterThan(5);
      expect(needed.filter((step) => !usedBy(main, name)(step))).toEqual([]);
    }
  });

  it("share weak labels, SFT, the evaluator, round 1's samples and proposals with the main experiment", () => {
    const shared = new Set(matrix.steps.filter(usedBy(main)).map(({ id }) => id));
    const own = matrix.steps.filter((step) => usedBy(reviewers)(step) && !shared.has(step.id));
    const trained = (verb: PricedStep["verb"]) => own.filter((step) => step.verb === verb).length;
    // Students on chosen answers 3 x 3; other halves for DPO's rounds 2 and 3: 4; two filters 2 x (4 halves, 3 students); agreed 1; replace
    // all 4 + 3; two models agree 2 x (8 halves, 3 students), whose second halves of round 1 are DPO's of round 2; not crossed 3.
    expect(trained("sft")).toBe(9 + 4 + 14 + 1 + 7 + 22 + 3);
    // On ILR's pairs 4 x 3; smoothing 3 + 3; IPO 3; rounds 4 to 6 of the main experiment's arm; 6 rounds of three others.
    expect(trained("dpo")).toBe(12 + 6 + 3 + 3 + 18);
    expect([trained("pretrain"), trained("evaluator")]).toEqual([0, 0]);
    const first = own.filter(({ label }) => / round 1: (samples|half model \d)$/.test(label));
    expect(first.map(({ label }) => label)).toEqual([]);
  });

  it("with students of other sizes have the main experiment's weak supervisor, and base models of their own", async () => {
    for (const name of ["micro-math/gap-48", "micro-math/gap-128"]) {
      const experiment = small(name);
      const { steps } = await planExperiments([small(main), experiment], { ...where, backend: pretendingBackend() });
      const shared = steps.filter((step) => usedBy(main)(step) && usedBy(name)(step)).map(({ label }) => label);
      expect(shared).toEqual(
        expect.arrayContaining(["weak supervisor", "weak labels", "pretraining micro-math-weak (0)"]),
      );
      const own = steps.filter((step) => usedBy(name)(step) && !usedBy(main)(step));
      expect(own.filter(({ verb }) => verb === "pretrain").map(({ label }) => label)).toEqual([
        `pretraining ${experiment.bases.strong.name} (0)`,
      ]);
      const widths = [experiment, small(main)].map(({ bases: { strong } }) => parametersIn(strong));
      expect(widths[0]! < widths[1]!).toBe(name === "micro-math/gap-48");
    }
  });
});

/** Matrices only: what makes one student larger than another. */
function parametersIn(base: Experiment["bases"]["strong"]): number {
  if (!("pretrain" in base)) throw new Error("a model of the Hub");
  const { layers, hiddenSize, intermediateSize } = base.pretrain.architecture;
  return layers * (4 * hiddenSize ** 2 + 3 * hiddenSize * intermediateSize);
}

describe("run on a handful of questions", () => {
  /** The arms that are new, for two rounds each, beside ILR with the oracle. */
  const { arms } = small(reviewers);
  const known = small(main).arms.map(({ name }) => name);
  const wanted = arms.filter(({ name }) => name === "ILR (oracle)" || !known.includes(name));
  const experiment = parseExperiment({
    ...small(reviewers),
    arms: wanted.map((arm) => ({ ...arm, rounds: Math.min(arm.rounds ?? 2, 2) })),
  });
  let run: RunRecord;
  let executed: number;
  beforeAll(async () => {
    const backend = pretendingBackend();
    run = await runExperiment(experiment, { ...where, backend });
    executed = backend.calls.length;
  });
  const pointsOf = (name: string) => run.points.filter(({ arm }) => arm === name);

  it("every arm has a point for each of its rounds, and no more steps than were planned", async () => {
    for (const { name, rounds } of experiment.arms)
      expect([name, pointsOf(name).map(({ round }) => round)]).toEqual([name, rounds === 1 ? [1] : [1, 2]]);
    const empty = { store: await openStore(join(folder, "empty")), results: where.results };
    const { steps } = (await planExperiments([experiment], { ...empty, backend: pretendingBackend() })).plans[0]!;
    expect(executed).toBeLessThanOrEqual(steps.length);
    expect(executed).toBeGreaterThan(steps.length / 2);
  });

  it("filters have fewer labels from round to round, other rules as many as there are questions", () => {
    for (const { name, method } of experiment.arms) {
      const [first, second] = pointsOf(name).map(({ labelCount }) => labelCount);
      if (method === "drop-doubtful") {
        expect(first).toBeLessThan(40);
        expect(second).toBeLessThanOrEqual(first!);
      } else if (method === "ilr" || method === "replace-all" || method === "two-agree") {
        expect([first, second]).toEqual([40, 40]);
      }
    }
  });

  it("ILR says how often only the proposal was right, and how often only the label", () => {
    const [point] = pointsOf("ILR (oracle)");
    const { onlyProposalCorrect: proposal, onlyLabelCorrect: label, disputed, comparisonCount } = point!;
    expect(proposal! + label!).toBe(comparisonCount);
    expect(disputed).toBeGreaterThanOrEqual(comparisonCount!);
    expect(point!.fixed).toBeLessThanOrEqual(proposal!);
  });
});

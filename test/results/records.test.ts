import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ColumnTable } from "arquero";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Point, Project, RunRecord } from "../../kernel-lib/src/experiments/index.js";
import { lab, type Run } from "../../kernel-lib/src/lab.js";
import { provenanceOf } from "../../kernel-lib/src/notebook/index.js";
import { type RecordsName, recordsOf, recordTables } from "../../kernel-lib/src/results/index.js";
import { openStore, type Store } from "../../kernel-lib/src/store/index.js";
import { smallExperiment } from "../experiments/fixture.js";
import { pretendingBackend } from "../experiments/pretending-backend.js";

const arms = [
  { name: "SFT", method: "sft" },
  { name: "ILR", method: "ilr", comparisons: "evaluator" },
  { name: "Naive ILR", method: "naive-ilr" },
  { name: "Drop doubtful", method: "drop-doubtful", comparisons: { noisyOracle: 0.75 } },
  { name: "DPO", method: "dpo", comparisons: { noisyOracle: 0.75 } },
  { name: "DPO (IPO)", method: "dpo", comparisons: { noisyOracle: 0.75 }, loss: "ipo" },
  { name: "SFT on chosen", method: "sft-on-chosen", comparisons: { noisyOracle: 0.75 } },
];

/** Columns that these tests look at. */
interface Row {
  readonly [column: string]: unknown;
  readonly seed: number;
  readonly arm: string;
  readonly round: number;
  readonly correct: number;
  readonly score: number;
  readonly pairs: number;
  readonly seconds: number;
  readonly ownSeconds: number;
  readonly generated: number;
  readonly key: string;
  readonly accepted: boolean;
  readonly dropped: boolean;
  readonly selected: boolean;
  readonly executed: boolean;
  readonly labelCorrect: boolean;
  readonly proposalCorrect: boolean;
  readonly correctA: boolean;
  readonly correctB: boolean;
}
type Rows = readonly Row[];
const rowsOf = (table: ColumnTable): Rows => table.objects({ limit: Number.POSITIVE_INFINITY }) as unknown as Rows;
const of = (rows: Rows, { seed, arm, round }: Point): Rows =>
  rows.filter((row) => row.seed === seed && row.arm === arm && row.round === round);
const count = (rows: Rows, holds: (row: Row) => boolean): number => rows.filter(holds).length;

let project: Project;
let run: Run;
let record: RunRecord;
let store: Store;
const tables = {} as Record<RecordsName, ColumnTable>;

/** A small experiment of two seeds, run by a backend that makes answers up. */
beforeAll(async () => {
  const root = await mkdtemp(join(tmpdir(), "ilr-records-"));
  project = { root, results: join(root, "results"), store: join(root, "store"), data: join(root, "data") };
  const experiment = smallExperiment("seeds=[0,1]", 'rounds={"ilr":2,"dpo":2}', `arms=${JSON.stringify(arms)}`);
  run = await lab.run(experiment, { project, backend: pretendingBackend(), progress: false });
  record = run.record;
  store = await openStore(project.store);
  for (const name of Object.keys(recordTables) as RecordsName[]) tables[name] = await run.records(name);
});
afterAll(() => rm(project.root, { recursive: true, force: true }));

describe("records of a run", () => {
  it.each(
    Object.keys(recordTables) as RecordsName[],
  )("%s: have all columns, each of its type, and say where they are from", (name) => {
    const { columns } = recordTables[name];
    expect(tables[name].columnNames()).toEqual(Object.keys(columns));
    expect(tables[name].numRows()).toBeGreaterThan(0);
    const fits: Record<string, (value: unknown) => boolean> = {
      integer: Number.isInteger,
      number: (value) => typeof value === "number",
      text: (value) => typeof value === "string",
      boolean: (value) => typeof value === "boolean",
      time: (value) => value instanceof Date && !Number.isNaN(value.getTime()),
      integers: (value) => Array.isArray(value) && value.every(Number.isInteger),
      texts: (value) => Array.isArray(value) && value.every((text) => typeof text === "string"),
    };
    for (const [column, { type }] of Object.entries(columns)) {
      const values = Array.from(tables[name].array(column) as ArrayLike<unknown>).filter((value) => value !== null);
      expect([column, values.filter((value) => !fits[type]!(value))]).toEqual([column, []]);
    }
    expect(provenanceOf(tables[name])).toMatchObject({ experiment: record.provenance.experiment.name });
  });

  it("rounds are the points as recorded; examples, averaged, are their accuracy", () => {
    const rows = rowsOf(tables.rounds);
    for (const [i, { correct, calibration, ...point }] of record.points.entries()) expect(rows[i]).toEqual(point);
    const examples = rowsOf(tables.examples);
    for (const point of record.points) {
      const answered = of(examples, point);
      expect(answered.map((row) => row.correct).join("")).toBe(point.correct);
      expect(answered.map((row) => row.question)).toEqual([...point.correct].map((_, i) => i));
      expect(count(answered, (row) => row.correct === 1) / answered.length).toBeCloseTo(point.testAccuracy, 12);
    }
    expect(rowsOf(run.frame("examples"))).toEqual(examples);
  });

  it("comparisons and calibration are those of the points that compare", () => {
    const compared = record.points.filter(
      ({ comparisonCount, method }) => comparisonCount !== null && method !== "naive-ilr",
    );
    expect(rowsOf(tables.comparisons).map(({ seed, arm, round }) => [seed, arm, round])).toEqual(
      compared.map(({ seed, arm, round }) => [seed, arm, round]),
    );
    const heldOut = new Map(record.evaluators.map(({ seed, validationAccuracy }) => [seed, validationAccuracy]));
    for (const row of rowsOf(tables.comparisons)) {
      expect(row.source).toBe(row.arm === "ILR" ? "evaluator" : "noisy oracle 0.75");
      expect(row.heldOutAccuracy).toBe(row.arm === "ILR" ? heldOut.get(row.seed) : null);
    }
    const bins = rowsOf(tables.calibration);
    for (const point of compared) {
      const pairs = of(bins, point).reduce((sum, row) => sum + row.pairs, 0);
      expect(pairs).toBe(point.calibration === null ? 0 : point.comparisonCount);
    }
    expect(bins.filter((row) => row.arm === null)).toHaveLength(10 * record.evaluators.length);
  });

  it("labels are those that the points count, of ILR and of filters", () => {
    const labels = rowsOf(tables.labels);
    const refined = record.points.filter(({ accepted }) => accepted !== null);
    expect(new Set(refined.map(({ arm }) => arm))).toEqual(new Set(["ILR", "Naive ILR", "Drop doubtful"]));
    for (const point of refined) {
      const rows = of(labels, point);
      expect(count(rows, (row) => row.accepted)).toBe(point.accepted);
      expect(count(rows, (row) => row.accepted && !row.labelCorrect && row.proposalCorrect)).toBe(point.fixed);
      expect(count(rows, (row) => row.accepted && row.labelCorrect && !row.proposalCorrect)).toBe(point.broken);
      expect(count(rows, (row) => !row.dropped)).toBe(point.labelCount);
    }
    expect(labels.length).toBe(refined.reduce((sum, point) => sum + of(labels, point).length, 0));
    expect(count(labels, (row) => row.dropped)).toBeGreaterThan(0);
  });

  it("pairs are those that the points count, of DPO and of SFT on chosen answers", () => {
    const pairs = rowsOf(tables.pairs);
    const judged = record.points.filter(({ selectedCount }) => selectedCount !== null);
    expect(new Set(judged.map(({ arm }) => arm))).toEqual(new Set(["DPO", "DPO (IPO)", "SFT on chosen"]));
    for (const point of judged) {
      const rows = of(pairs, point);
      const informative = rows.filter((row) => row.correctA !== row.correctB);
      const right = (row: Row): boolean => row.score > 0.5 === row.correctB;
      expect(count(rows, (row) => row.selected)).toBe(point.selectedCount);
      expect(informative).toHaveLength(point.comparisonCount!);
      if (informative.length > 0) {
        expect(count(informative, right) / informative.length).toBeCloseTo(point.comparisonAccuracy!, 12);
      }
      // Three pairs of six samples, for each of 20 questions.
      expect(new Set(rows.map((row) => row.pair)).size).toBe(60);
      expect(new Set(rows.map((row) => row.question)).size).toBe(20);
    }
  });

  it("losses are of steps that trained, the points' models among them", () => {
    const losses = rowsOf(tables.losses);
    const trained = new Set(losses.map(({ key }) => key));
    for (const { step } of record.points) expect(trained).toContain(step);
    const steps = new Map(rowsOf(tables.steps).map((row) => [row.key, row]));
    for (const { key, verb } of losses) expect(steps.get(key)?.name).toBe(verb);
    expect(new Set(losses.map(({ verb }) => verb))).toEqual(new Set(["pretrain", "sft", "dpo", "evaluator"]));
  });

  it("steps are the run's keys; what ran, ran in this call", async () => {
    const steps = rowsOf(tables.steps);
    expect(steps.map(({ key }) => key)).toEqual(record.provenance.keys);
    const byTrainer = steps.filter(({ kind }) => kind === "step");
    expect(count(byTrainer, ({ executed }) => executed)).toBe(record.provenance.counts.executed);
    const seconds = byTrainer.reduce((sum, row) => sum + row.seconds, 0);
    expect(seconds).toBeCloseTo(record.provenance.stepSeconds, 6);
    // A second call finds everything in the store.
    const again = await lab.run(record.provenance.experiment, {
      project,
      backend: pretendingBackend(),
      progress: false,
    });
    expect(again.record.provenance.counts.executed).toBe(0);
    expect(count(rowsOf(await again.records("steps")), ({ executed }) => executed)).toBe(0);
  });

  it("costs are of what an arm stands on: what arms share is in each, and the union of all is no more than the run", () => {
    const costs = rowsOf(tables.costs);
    const cost = (arm: string): Row => costs.find((row) => row.arm === arm && row.seed === 0)!;
    // Two base models, the supervisor, its labels, SFT: then its answers to the test.
    expect(cost("Weak supervisor").steps).toBe(3);
    expect(cost("SFT").steps).toBe(6);
    // Both draw the same pairs in round 1; afterwards their policies differ.
    expect(cost("DPO (IPO)").steps).toBe(cost("DPO").steps);
    expect(cost("DPO").ownSeconds).toBeLessThan(cost("DPO").seconds);
    for (const row of costs) {
      expect(row.executed).toBe(row.steps);
      expect(row.seconds).toBeLessThanOrEqual(record.provenance.stepSeconds);
      expect(row.generated).toBeGreaterThan(0);
    }
    const own = costs.reduce((sum, row) => sum + row.ownSeconds, 0);
    expect(own).toBeLessThan(record.provenance.stepSeconds);
  });

  it("are said to be elsewhere where the store lacks them, all or some; what results/ holds is there", async () => {
    const empty = await openStore(join(project.root, "empty"));
    // Copies: what was read of a run's store is kept with the run.
    const elsewhere = (): RunRecord => ({ ...record });
    for (const name of ["labels", "pairs", "losses", "steps", "costs"] as const) {
      await expect(recordsOf(name, { run: elsewhere(), store: async () => empty })).rejects.toMatchObject({
        code: "input-missing",
        hint: expect.stringContaining("lab.run"),
      });
    }
    const lacking = {
      ...store,
      record: async (key: string) => (key === record.provenance.keys[0] ? undefined : store.record(key)),
    };
    for (const name of ["losses", "steps", "costs"] as const) {
      await expect(recordsOf(name, { run: elsewhere(), store: async () => lacking })).rejects.toMatchObject({
        code: "input-missing",
      });
    }
    const unread = async (): Promise<Store> => Promise.reject(new Error("the store was opened"));
    for (const name of ["runs", "rounds", "examples", "evaluators", "comparisons", "calibration"] as const) {
      expect((await recordsOf(name, { run: elsewhere(), store: unread })).numRows()).toBeGreaterThan(0);
    }
    await expect(run.records("pair" as RecordsName)).rejects.toMatchObject({
      code: "name-unknown",
      hint: 'did you mean "pairs"?',
    });
  });
});

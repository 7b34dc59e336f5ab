import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type ActualCosts,
  actualCosts,
  planExperiment,
  type RunRecord,
  recordedRounds,
  runExperiment,
} from "../../kernel-lib/src/experiments/index.js";
import { type ActionRecord, openStore, type Store } from "../../kernel-lib/src/store/index.js";
import { microMath } from "../../kernel-lib/src/tasks/index.js";
import { smallExperiment } from "./fixture.js";
import { type PretendingBackend, pretendingBackend } from "./pretending-backend.js";

const experiment = smallExperiment("rounds.ilr=1");
const changed = smallExperiment("rounds.ilr=1", "recipe.dpo.beta=0.2");

/** A run, and the records that it left: the truth that a comparison is held against. */
let where: { readonly store: Store; readonly results: string; readonly backend: PretendingBackend };
let run: RunRecord;
let records: readonly ActionRecord[];
let costs: ActualCosts;
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ilr-actual-"));
  const store = await openStore(join(folder, "store"), { warn: () => {} });
  where = { store, results: join(folder, "results"), backend: pretendingBackend() };
  run = await runExperiment(experiment, where);
  records = (await store.records()).filter(({ document }) => document.kind === "step");
  costs = await actualCosts(experiment, where);
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const total = (of: (record: ActionRecord) => number): number => records.reduce((sum, record) => sum + of(record), 0);

describe("planned against actual", () => {
  it("finds every step of a run, and sums what their records say", async () => {
    expect(costs).toMatchObject({ missing: 0, merged: 0 });
    expect(costs.all.actual.steps).toBe(run.provenance.counts.executed);
    expect(costs.all.actual.seconds).toBeCloseTo(total(({ seconds }) => seconds));
    // The pretending trainer's answers have three tokens each; its logs say nothing of tokens.
    const answers = total(({ outputs }) => outputs.answers?.rows ?? 0);
    expect(costs.all.actual.generated).toBe(3 * answers);
    expect(costs.all.actual.trained).toBe(0);
    for (const of of ["steps", "seconds", "generated"] as const) {
      expect(costs.verbs.reduce((sum, { actual }) => sum + actual[of], 0)).toBeCloseTo(costs.all.actual[of]);
      expect(costs.verbs.reduce((sum, { planned }) => sum + planned[of], 0)).toBeCloseTo(costs.all.planned[of]);
    }
    const { cpu, cores, platform } = records[0]!.machine;
    expect(costs.machines).toEqual([`${cpu}, ${cores} cores, ${platform}`]);
  });

  it("holds it against the plan that was made before the run", async () => {
    const empty = await openStore(join(folder, "empty"), { warn: () => {} });
    const before = await planExperiment(experiment, { ...where, store: empty });
    expect(costs.all.planned.steps).toBe(before.steps.length);
    expect(costs.all.planned.seconds).toBeCloseTo(before.workSeconds);
    expect(costs.all.flopsPerSecond).toBeCloseTo(before.flops / costs.all.actual.seconds, -3);
    // Every answer was planned as long as the task's mean one.
    const prompts =
      before.steps.reduce((sum, { tokens }) => sum + tokens.generated, 0) / microMath.typicalTokens.answer;
    expect(costs.all.planned.generated / microMath.typicalTokens.answer).toBe(prompts);
  });

  it("counts equal content once, as the store does", async () => {
    const contents = new Map<string, number>();
    for (const { ref, size } of records.flatMap(({ outputs }) => Object.values(outputs))) {
      if (ref.startsWith("file:")) contents.set(ref, size);
      else
        for (const file of Object.values(await where.store.readManifest(ref)))
          contents.set(`file:${file.digest}`, file.size);
    }
    expect(costs.all.actual.bytes).toBe([...contents.values()].reduce((sum, size) => sum + size, 0));
    expect(costs.tables.actual.steps).toBe((await where.store.records()).length - records.length);
    expect(costs.tables.actual.bytes).toBeGreaterThan(0);
  });

  it("tells every arm as if it ran alone", () => {
    const arms = new Map(costs.arms.map((arm) => [arm.name, arm]));
    expect([...arms.keys()]).toEqual(["SFT", "ILR", "Naive ILR", "DPO"]);
    expect(arms.get("ILR")!.actual.steps).toBeGreaterThan(arms.get("Naive ILR")!.actual.steps);
    for (const { actual, planned } of arms.values()) {
      expect(actual.steps).toBe(planned.steps);
      expect(actual.seconds).toBeLessThanOrEqual(costs.all.actual.seconds);
    }
  });

  it("leaves out what has not run, and says how much that is", async () => {
    const other = await actualCosts(changed, where);
    const dpo = other.arms.find(({ name }) => name === "DPO")!;
    // The round's DPO, its test answers, and three steps of its divergence.
    expect(other.missing).toBe(5);
    expect(other.all.planned.steps).toBe(costs.all.planned.steps - 5);
    expect(dpo.actual.steps).toBe(costs.arms.find(({ name }) => name === "DPO")!.actual.steps - 5);
    expect(other.verbs.map(({ name }) => name)).not.toContain("dpo");
  });

  it("finds the steps of a recorded run whatever code has become of them, by the run's keys", async () => {
    const later = { ...where, backend: { ...pretendingBackend(), identity: () => "a later trainer" } };
    const none = await actualCosts(experiment, later);
    expect(none.all.actual).toEqual({ steps: 0, seconds: 0, generated: 0, trained: 0, bytes: 0 });
    expect(none.all.flopsPerSecond).toBe(0);
    const { keys } = run.provenance;
    const byKeys = await actualCosts(experiment, { ...later, keys });
    expect(byKeys.missing).toBe(0);
    const [all, same] = [byKeys, costs].map((told) => [told.all, ...told.verbs, ...told.arms]);
    expect(all!.map(({ name }) => name)).toEqual(same!.map(({ name }) => name));
    for (const [k, { planned, actual }] of same!.entries()) {
      expect(all![k]!.planned).toEqual(planned);
      // Sums of seconds in another order.
      expect(all![k]!.actual).toEqual({ ...actual, seconds: expect.closeTo(actual.seconds, 6) });
    }
    expect(byKeys.tables.actual.bytes).toBe(costs.tables.actual.bytes);
  });

  it("counts steps that turned out to be equal once", async () => {
    // Nothing is replaced, so that the refined labels are the weak ones and the student is the SFT model.
    const still = smallExperiment(
      "rounds.ilr=1",
      "alpha=0",
      `arms=${JSON.stringify([{ name: "Naive", method: "naive-ilr" }])}`,
    );
    await runExperiment(still, where);
    const merged = await actualCosts(still, where);
    expect(merged.missing).toBe(0);
    expect(merged.merged).toBeGreaterThan(0);
    expect(merged.all.actual.steps).toBe(merged.all.planned.steps - merged.merged);
  });
});

describe("recorded rounds", () => {
  it("are the seconds of the method's steps by arm and round, each arm as if it ran alone", async () => {
    const plan = await planExperiment(experiment, where);
    const secondsOf = new Map(records.map(({ key, seconds }) => [key, seconds]));
    for (const options of [where, { ...where, keys: run.provenance.keys }]) {
      const all = await recordedRounds(experiment, options);
      expect(all.map(({ arm }) => arm)).toEqual(experiment.arms.map(({ name }) => name));
      for (const { arm, seconds, missing } of all) {
        expect(missing).toBe(0);
        const rounds = arm.startsWith("SFT") ? 0 : arm.includes("ILR") ? experiment.rounds.ilr : experiment.rounds.dpo;
        expect(seconds).toHaveLength(rounds);
        for (const [i, sum] of seconds.entries()) {
          const keys = plan.steps.flatMap(({ uses, purpose, key }) =>
            purpose === "method" && uses.some((use) => use.arm === arm && use.round === i + 1) ? [key!] : [],
          );
          expect(sum, `${arm}, round ${i + 1}`).toBeCloseTo(
            [...new Set(keys)].reduce((total, key) => total + secondsOf.get(key)!, 0),
            9,
          );
          expect(sum).toBeGreaterThan(0);
        }
      }
    }
  });

  it("says how many steps it has no record of", async () => {
    const empty = await openStore(join(folder, "nothing"), { warn: () => {} });
    const all = await recordedRounds(experiment, { ...where, store: empty });
    for (const { arm, seconds, missing } of all) {
      expect(seconds.every((of) => of === 0)).toBe(true);
      expect(missing > 0, arm).toBe(seconds.length > 0);
    }
  });
});

/** ILR and DPO with people's comparisons in whole experiments: sessions, plans, records. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backend } from "../../kernel-lib/src/backends/index.js";
import {
  type Project,
  parseExperiment,
  planExperiment,
  readRun,
  writeRun,
} from "../../kernel-lib/src/experiments/index.js";
import { type Judgement, openSession, type Respondent, simulatedUser } from "../../kernel-lib/src/human/index.js";
import { type LabOptions, lab, type Run } from "../../kernel-lib/src/lab.js";
import { openStore } from "../../kernel-lib/src/store/index.js";
import { microMath } from "../../kernel-lib/src/tasks/index.js";
import { smallExperiment } from "./fixture.js";
import { pretendingBackend } from "./pretending-backend.js";

let project: Project;
let backend: Backend;
beforeAll(async () => {
  const root = await mkdtemp(join(tmpdir(), "ilr-human-"));
  project = { root, results: join(root, "results"), store: join(root, "store"), data: join(root, "data") };
  // One answer in two is right.
  const { train, validation, test } = microMath.splits(0);
  const finals = new Map([...train, ...validation, ...test].map((row) => [row.id, row.reference.split("#### ")[1]]));
  backend = pretendingBackend(undefined, (draw, id) => `#### ${draw % 2 === 0 ? finals.get(id) : 1000 + (draw % 7)}`);
});
afterAll(() => rm(project.root, { recursive: true, force: true }));

const arms = (source: string) => [
  { name: `ILR (${source})`, method: "ilr", comparisons: source },
  { name: `DPO (${source})`, method: "dpo", comparisons: source },
];
const experiment = (...changes: readonly string[]) =>
  smallExperiment(
    `arms=${JSON.stringify([{ name: "SFT", method: "sft" }, ...arms("human"), ...arms("oracle")])}`,
    'rounds={"ilr":2,"dpo":2}',
    "alpha=0.5",
    ...changes,
  );
const run = (options: LabOptions, ...changes: readonly string[]): Promise<Run> =>
  lab.run(experiment(...changes), { project, backend, progress: false, ...options });
const perfect = { accuracy: 1, honest: 1, ms: 1 };
/** What an arm came to, without its name. */
const outcome = (of: Run, arm: string): readonly object[] =>
  of.record.points.filter((point) => point.arm === arm).map(({ arm: _, comparisonCount: __, ...point }) => point);

describe("ILR and DPO with a person's comparisons", () => {
  it("come to exactly what they do with the oracle's, when the person is never wrong and never in doubt", async () => {
    const perfectRun = await run({ human: simulatedUser(perfect) });
    for (const method of ["ILR", "DPO"]) {
      expect(outcome(perfectRun, `${method} (human)`)).toHaveLength(2);
      expect(outcome(perfectRun, `${method} (human)`)).toEqual(outcome(perfectRun, `${method} (oracle)`));
    }
    const replaced = perfectRun.record.points.find(({ arm }) => arm === "ILR (human)")!;
    expect(replaced.accepted).toBeGreaterThan(0);
    expect(replaced.comparisonAccuracy).toBe(1);
    const worse = await run({ human: simulatedUser({ accuracy: 0.5, ms: 1 }) });
    expect(outcome(worse, "ILR (human)")).not.toEqual(outcome(worse, "ILR (oracle)"));
  });

  it("come out the same again, tired or not, and from the session alone", async () => {
    const tired: Respondent = simulatedUser({ accuracy: 0.8, fatigue: 0.02, bias: 0.2, ms: 1 });
    const path = join(project.root, "tired.jsonl");
    const session = await openSession(path);
    for (const one of (await run({ human: tired })).judgements()) await session.add(one);
    const again = await run({ human: tired });
    const content = ({ at: _, ...rest }: Judgement): object => rest;
    expect(again.judgements().map(content)).toEqual(session.judgements().map(content));
    const read = await run({ human: path });
    expect(read.record.points).toEqual(again.record.points);
    expect(read.record.provenance.counts.executed).toBe(0);
    expect(read.record.provenance.people).toMatchObject({
      ...{ person: "simulated", judgements: session.judgements().length },
      digest: again.record.provenance.people!.digest,
    });
  });

  it("stop where judgements are missing, and go on when they are there", async () => {
    const all = (await run({ human: simulatedUser(perfect) })).judgements();
    const path = join(project.root, "half.jsonl");
    const session = await openSession(path, { person: "ann" });
    for (const one of all.slice(0, 5)) await session.add({ ...one, person: "ann" });
    await expect(run({ human: path })).rejects.toMatchObject({
      code: "input-missing",
      message: expect.stringMatching(/\(human\) round 1: \d+ of \d+ pairs have no judgement in .*half\.jsonl/),
      hint: expect.stringContaining("ilr human micro-math/quick --seeds 0 --session"),
    });
    for (const one of all) await session.add({ ...one, person: "ann" });
    const whole = await run({ human: path });
    expect(outcome(whole, "DPO (human)")).toEqual(outcome(whole, "DPO (oracle)"));
  });

  it("ask no more pairs than they may, and count only what was asked", async () => {
    const few = await run(
      { human: simulatedUser({ accuracy: 1, ms: 1 }) },
      'human={"comparisonsPerRound":4,"goldShare":0}',
    );
    expect(few.judgements().length).toBeLessThanOrEqual(16);
    for (const { arm, comparisonCount, comparisonAccuracy } of few.record.points) {
      if (!arm.endsWith("(human)")) continue;
      expect(comparisonCount).toBeLessThanOrEqual(4);
      if (comparisonCount! > 0) expect(comparisonAccuracy).toBe(1);
    }
    const [pairs, labels] = [await few.records("pairs"), await few.records("labels")];
    expect(pairs.numRows()).toBeGreaterThan(0);
    expect(labels.numRows()).toBeGreaterThan(0);
  });

  it("are planned without anybody, and refused without anybody", async () => {
    const store = await openStore(join(project.root, "empty"));
    const plan = await planExperiment(experiment(), { ...project, store, backend });
    const labels = plan.steps.map(({ label }) => label);
    expect(labels).toContain("DPO (human) round 1");
    expect(labels).toContain("evaluator");
    await expect(run({})).rejects.toMatchObject({ code: "input-missing", hint: expect.stringContaining("ilr human") });
    const demonstrations = parseExperiment({ ...experiment(), demonstrations: "human" });
    await expect(
      lab.run(demonstrations, { project, backend, progress: false, human: simulatedUser() }),
    ).rejects.toMatchObject({ code: "unsupported", message: expect.stringContaining("asks people") });
  });

  it("keep in the record who was asked", async () => {
    const { record } = await run({ human: simulatedUser({ accuracy: 0.9, ms: 1 }) });
    const folder = join(project.root, "written");
    await writeRun(folder, record);
    expect((await readRun(folder)).provenance.people).toEqual(record.provenance.people);
    expect(record.provenance.people!.simulated).toMatchObject({ accuracy: 0.9 });
  });
});

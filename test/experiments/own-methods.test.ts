/** Methods of one's own in whole experiments: beside the paper's, from the store, in plans, in records. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  type ExperimentInput,
  type Own,
  type Project,
  planExperiment,
  readRun,
  runExperiment,
  writeRun,
} from "../../kernel-lib/src/experiments/index.js";
import { comparisonSource, dpo, ilr, preferenceLoss, refinementRule } from "../../kernel-lib/src/index.js";
import { type LabOptions, lab, type Run, runOf } from "../../kernel-lib/src/lab.js";
import { openStore } from "../../kernel-lib/src/store/index.js";
import { noted } from "../methods/own/notes.js";
import { smallExperiment } from "./fixture.js";
import { type PretendingBackend, pretendingBackend } from "./pretending-backend.js";

/** Longer answers are better, it thinks; and it notes that it was asked. */
const longer = comparisonSource("prefers longer", ({ a, b }) => {
  globalThis.notes.push("longer");
  return b.length >= a.length ? 0.9 : 0.1;
});
const bold = refinementRule("accept all above 0.8", ({ pairs }) => {
  globalThis.notes.push("bold");
  return pairs.filter(({ score }) => score > 0.8).map(({ id }) => id);
});
const hinge = preferenceLoss("hinge", "max(0, 1 - beta * margin)");
const own = [
  ilr.with({ comparisons: longer }),
  ilr.with({ comparisons: { noisyOracle: 0.75 }, refine: bold }),
  dpo.with({ comparisons: longer, loss: hinge }),
];
const names = ["ILR (prefers longer)", "ILR (noisy oracle 0.75, accept all above 0.8)", "DPO (prefers longer, hinge)"];

/** One store for all tests: what they have in common is computed once. */
let project: Project;
let backend: PretendingBackend;
beforeAll(async () => {
  const root = await mkdtemp(join(tmpdir(), "ilr-own-"));
  project = { root, results: join(root, "results"), store: join(root, "store"), data: join(root, "data") };
});
afterAll(() => rm(project.root, { recursive: true, force: true }));
beforeEach(() => {
  backend = pretendingBackend();
});

const small = (): ExperimentInput => smallExperiment() as ExperimentInput;
const run = (experiment: ExperimentInput, options: LabOptions = {}): Promise<Run> =>
  lab.run(experiment, { project, backend, progress: false, ...options });
/** How often the functions were called since the last time. */
const asked = (): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const note of noted()) counts[String(note)] = (counts[String(note)] ?? 0) + 1;
  globalThis.notes = [];
  return counts;
};

describe("arms of one's own", () => {
  it("are called after what is theirs", () => {
    expect(own.map(({ arm }) => arm.name)).toEqual(names);
    expect(ilr.arm).toEqual({ name: "ILR (evaluator)", method: "ilr", comparisons: "evaluator" });
    expect(dpo.with({ beta: 0.3 }).with({ alpha: 0.5, name: "D" }).arm).toEqual({
      ...{ name: "D", method: "dpo", comparisons: "evaluator", beta: 0.3, alpha: 0.5 },
    });
    expect(dpo.with({ beta: 0.3, rounds: undefined as never }).arm.name).toBe("DPO (evaluator, beta 0.3)");
    for (const fields of [{ comparisons: () => 1 }, { refine: () => [] }]) {
      expect(() => ilr.with(fields as never)).toThrow(expect.objectContaining({ code: "config-invalid" }));
    }
  });

  it("run beside the experiment's, share steps with them, and are seen in every figure, frame and verdict", async () => {
    const before = await run(small());
    const alone = backend.calls.length;
    const both = await run(small(), { methods: own });
    const arms = both.record.provenance.experiment.arms.map(({ name }) => name);
    expect(arms).toEqual(["SFT", "ILR", "Naive ILR", "DPO", ...names]);
    // What ILR and DPO begin with is there; only what follows from other comparisons is computed.
    expect(both.record.provenance.counts.executed).toBe(backend.calls.length - alone);
    const verbs = backend.calls.slice(alone);
    expect(verbs.filter((verb) => verb === "evaluator" || verb === "pretrain")).toEqual([]);
    const ofOld = both.record.points.filter(({ arm }) => !names.includes(arm));
    expect(ofOld).toEqual(before.record.points);

    for (const figure of ["main", "accuracy-by-round", "accuracy-by-kl"] as const) {
      const drawn = new Set(both.figure(figure).data.map(({ name }) => name));
      for (const name of names) expect(drawn, figure).toContain(name);
    }
    for (const frame of ["rounds", "arms"] as const) {
      for (const name of names) expect(Array.from(both.frame(frame).array("arm"))).toContain(name);
    }
    for (const name of names) {
      const rows = both.difference(name, "SFT").objects() as { difference: number; differenceLow: number }[];
      expect(rows.length).toBeGreaterThan(0);
      for (const row of rows) expect(row.differenceLow).toBeLessThanOrEqual(row.difference);
    }
    const read = both.verdicts().flatMap(({ readings }) => readings.map(({ compares }) => compares));
    expect(read.some((compares) => compares.startsWith("DPO (prefers longer, hinge) - SFT"))).toBe(true);
    expect(read.some((compares) => compares.startsWith(`${names[0]} - ${names[2]}`))).toBe(true);
    // They are read, and decide nothing.
    const outcomes = (of: Run): unknown => of.verdicts().map(({ claim, outcome }) => ({ claim, outcome }));
    expect(outcomes(both)).toEqual(outcomes(before));
  });

  it("run alone, with SFT to be held against", async () => {
    const { record } = await run(small(), { arms: [], methods: own });
    expect([...new Set(record.points.map(({ arm }) => arm))]).toEqual(["Weak supervisor", "SFT", ...names]);
  });

  it("may be arms as data; one that the experiment has already is not there twice", async () => {
    const again = { name: "ILR", method: "ilr", comparisons: "evaluator" } as const;
    const other = { name: "Random", method: "ilr", comparisons: "random" } as const;
    const { record } = await run(small(), { methods: [again, other] });
    expect(record.provenance.experiment.arms.map(({ name }) => name)).toEqual([
      ...["SFT", "ILR", "Naive ILR", "DPO", "Random"],
    ]);
    await expect(run(small(), { methods: [{ ...again, alpha: 0.5 }] })).rejects.toMatchObject({
      code: "config-invalid",
      message: expect.stringContaining("same name"),
    });
  });
});

describe("what is stored", () => {
  const source = comparisonSource("prefers b", ({ a, b }) => {
    globalThis.notes.push("first");
    return b >= a ? 0.9 : 0.1;
  });
  const methods = (comparisons = source) => ({ arms: [], methods: [ilr.with({ comparisons, name: "mine" })] });

  it("is found again by the same function, under any name, and not by an edited one", async () => {
    const first = await run(small(), methods());
    expect(asked().first).toBeGreaterThan(0);
    const same = comparisonSource("another name", ({ a, b }) => {
      globalThis.notes.push("first"); // it is the same, whatever a comment says
      return b >= a ? 0.9 : 0.1;
    });
    const second = await run(small(), methods(same));
    expect(asked()).toEqual({});
    expect(second.record.points).toEqual(first.record.points);
    expect(second.record.provenance.counts.executed).toBe(0);

    const edited = comparisonSource("prefers b", ({ a, b }) => {
      globalThis.notes.push("edited");
      return b >= a ? 0.1 : 0.9;
    });
    const third = await run(small(), methods(edited));
    expect(asked().edited).toBeGreaterThan(0);
    expect(third.record.points).not.toEqual(first.record.points);
  });

  it("goes by the parameters, too", async () => {
    const of = (by: number) =>
      comparisonSource(
        "x",
        ({ a, b }, { by }) => {
          globalThis.notes.push(by);
          return b.length + by >= a.length ? 0.9 : 0.1;
        },
        { parameters: { by } },
      );
    await run(small(), methods(of(1)));
    await run(small(), methods(of(1)));
    const once = asked();
    expect(Object.keys(once)).toEqual(["1"]);
    await run(small(), methods(of(2)));
    expect(Object.keys(asked())).toEqual(["2"]);
    await run(small(), methods(of(1)));
    expect(asked()).toEqual({});
  });

  it("is of rules, too", async () => {
    const by = (refine: typeof bold) => ({ arms: [], methods: [ilr.with({ refine, name: "mine" })] });
    const first = await run(small(), by(bold));
    expect(asked()).toEqual({ bold: 2 });
    const changes = await first.labelChanges({ arm: "mine", round: 1 });
    expect(changes.filter(({ accepted }) => accepted)).toHaveLength(first.record.points.at(-2)!.accepted!);
    await run(small(), by(bold));
    expect(asked()).toEqual({});
    await run(
      small(),
      by(
        refinementRule("accept all above 0.8", ({ pairs }) => {
          globalThis.notes.push("edited");
          return pairs.filter(({ score }) => score > 0.7).map(({ id }) => id);
        }),
      ),
    );
    expect(asked()).toEqual({ edited: 2 });
  });

  it("is nothing when a function fails: the error names the arm, and the next run asks again", async () => {
    const failing = comparisonSource("fails", () => (globalThis.notes.push("asked") === 3 ? Number.NaN : 0.9));
    await expect(run(small(), methods(failing))).rejects.toMatchObject({
      code: "method-failed",
      message: expect.stringMatching(
        /^mine round 1: comparisons: comparison source "fails" returned NaN for question train-\d+/,
      ),
    });
    asked();
    globalThis.notes = ["not", "the", "third", "any", "more"];
    await run(small(), methods(failing));
  });
});

describe("an experiment as data", () => {
  const named = (comparisons: object): ExperimentInput => ({
    ...small(),
    arms: [
      { name: "SFT", method: "sft" },
      { name: "mine", method: "ilr", comparisons: comparisons as never, refine: { own: bold.name } },
    ],
  });
  const refusal = async (experiment: ExperimentInput, functions: readonly Own[]): Promise<unknown> =>
    run(experiment, { own: functions }).then(
      () => undefined,
      (error: unknown) => error,
    );

  it("names functions that whoever runs it has", async () => {
    const { record } = await run(named({ own: longer.name }), { own: [longer, bold] });
    expect(record.provenance.experiment.arms[1]).toEqual({
      ...{ name: "mine", method: "ilr" },
      comparisons: { own: "prefers longer", digest: longer.code.digest },
      refine: { own: "accept all above 0.8", digest: bold.code.digest },
    });
    const again = await run(record.provenance.experiment as ExperimentInput, { own: [longer, bold] });
    expect(again.record.points).toEqual(record.points);
  });

  it("is refused without them, and with others, before anything is computed", async () => {
    expect(await refusal(named({ own: longer.name }), [bold])).toMatchObject({
      code: "config-invalid",
      message: 'arm "mine" needs the comparison source "prefers longer", a function that a config cannot hold',
      hint: expect.stringContaining('own: [comparisonSource("prefers longer", ...)]'),
    });
    expect(await refusal(named({ own: "prefers longr" }), [longer, bold])).toMatchObject({
      hint: 'did you mean "prefers longer"?',
    });
    expect(await refusal(named({ own: longer.name, digest: "0".repeat(64) }), [longer, bold])).toMatchObject({
      code: "config-invalid",
      message: expect.stringContaining("was written for another"),
      hint: expect.stringContaining(longer.code.digest.slice(0, 12)),
    });
    const homonym = comparisonSource(longer.name, () => 0.5);
    expect(await refusal(named({ own: longer.name }), [longer, homonym, bold])).toMatchObject({
      message: 'there are two different comparison sources "prefers longer"',
    });
    expect(await refusal(named({ own: longer.name, digset: "" }), [longer, bold])).toMatchObject({
      code: "config-invalid",
      message: expect.stringContaining("unknown field arms.1.comparisons.digset"),
      hint: "did you mean digest?",
    });
    expect(backend.calls).toEqual([]);
  });

  it("has rules for ILR only", async () => {
    const experiment = {
      ...small(),
      arms: [{ name: "D", method: "dpo", comparisons: "random", refine: { own: "x" } }],
    };
    await expect(run(experiment as ExperimentInput)).rejects.toMatchObject({
      message: expect.stringContaining("only ILR has refine"),
    });
  });
});

describe("a plan", () => {
  it("has the arms, asks no function, and knows what is stored", async () => {
    const config = { ...smallExperiment(), arms: [...smallExperiment().arms, ...own.map(({ arm }) => arm)] } as never;
    const functions = own.flatMap((method) => method.own);
    const store = await openStore(project.store, { warn: () => {} });
    const options = { store, backend, results: project.results };
    const plan = await planExperiment(config, { ...options, own: functions });
    expect(plan.arms.map(({ name }) => name)).toEqual(["SFT", "ILR", "Naive ILR", "DPO", ...names]);
    expect(plan.steps.some(({ labels }) => labels.some((label) => label.startsWith(`${names[0]} round 2`)))).toBe(true);
    expect(asked()).toEqual({});

    await runExperiment(config, { ...options, own: functions });
    asked();
    // The digests in the config are enough: nobody has to have the functions.
    for (const given of [functions, []]) {
      const after = await planExperiment(config, { ...options, own: given });
      expect(after.cached).toBe(after.steps.length);
    }
    expect(asked()).toEqual({});
  });

  it("prices them in a notebook, too", async () => {
    const costs = await lab.costs(small(), { project, backend, methods: own });
    for (const name of names) expect(Array.from(costs.array("arm"))).toContain(name);
    expect(asked()).toEqual({});
  });

  it("is made of a config whose functions nobody has", async () => {
    const arms = [{ name: "mine", method: "ilr", comparisons: { own: "x" }, refine: { own: "y" } }];
    const store = await openStore(project.store, { warn: () => {} });
    const plan = await planExperiment({ ...smallExperiment(), arms } as never, { store, backend, results: "nowhere" });
    expect(plan.steps.some(({ labels }) => labels.includes("mine round 2: student"))).toBe(true);
  });
});

describe("a recorded run", () => {
  it("is read, drawn and compared without the functions, and says what they were", async () => {
    const { record } = await run(small(), { methods: own });
    const folder = join(project.results, "mine");
    await writeRun(folder, record);
    const read = await readRun(folder);
    expect(read).toEqual(record);
    expect(read.provenance.own).toEqual(
      [longer, bold]
        .map(({ kind, name, code }) => ({ kind, name, ...code }))
        .sort((x, y) => (x.name > y.name ? -1 : 1)),
    );
    expect(read.provenance.own![0]!.source).toContain("b.length >= a.length");
    expect(runOf(read).figure("accuracy-by-round")).toEqual(runOf(record).figure("accuracy-by-round"));
    const both = lab.compare({ one: runOf(read), other: runOf(record) });
    expect(both.figure("main").data.length).toBe(runOf(record).figure("main").data.length);
  });
});

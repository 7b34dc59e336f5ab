import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { JSDOM } from "jsdom";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Project, writeRun } from "../../kernel-lib/src/experiments/index.js";
import { type FigureName, type FrameName, lab, runOf } from "../../kernel-lib/src/lab.js";
import { provenanceOf, render } from "../../kernel-lib/src/notebook/index.js";
import { columnDocs } from "../../kernel-lib/src/results/index.js";
import { syntheticRun } from "./synthetic-run.js";

const record = syntheticRun({ questions: 100 });
let project: Project;

beforeAll(async () => {
  const root = await mkdtemp(join(tmpdir(), "ilr-lab-"));
  project = { root, results: join(root, "results"), store: join(root, "store"), data: join(root, "data") };
  await writeRun(join(project.results, "micro-math", "main"), record);
});

afterAll(() => rm(project.root, { recursive: true, force: true }));

describe("a run", () => {
  it("has frames, figures, a summary and verdicts", () => {
    const run = runOf(record);
    for (const name of ["rounds", "arms", "labels", "comparisons"] as const) {
      expect(run.frame(name).numRows()).toBeGreaterThan(0);
    }
    for (const name of ["main", "accuracy-by-round", "comparison-accuracy", "gain-by-kl", "gain-by-arm"] as const) {
      expect(run.figure(name).data.length).toBeGreaterThan(0);
    }
    expect(run.summary("markdown")).toMatch(/^\| arm/);
    expect(run.verdicts().map(({ claim }) => claim)).toEqual(["C1", "C2", "C3", "C4", "C5a", "C5b"]);
  });

  it("names the nearest name where one is not known", () => {
    const run = runOf(record);
    expect(() => run.figure("acuracy-by-round" as FigureName)).toThrow(
      expect.objectContaining({ code: "name-unknown", hint: 'did you mean "accuracy-by-round"?' }),
    );
    expect(() => run.frame("toString" as FrameName)).toThrow(expect.objectContaining({ code: "name-unknown" }));
  });
});

describe("figures of several runs", () => {
  it("say which runs they are drawn from", () => {
    const other: typeof record = {
      ...record,
      points: record.points.map((point) => ({ ...point, step: "f".repeat(64) })),
      provenance: {
        ...record.provenance,
        started: "2025-01-01T00:00:00.000Z",
        experiment: { ...record.provenance.experiment, name: "micro-sql/main", task: "micro-sql", seeds: [7] },
      },
    };
    const runs = { "micro-math": runOf(record), "micro-sql": runOf(other, { recorded: true }) };
    for (const figure of [lab.figure4(runs), lab.supervisionQuality(Object.values(runs))]) {
      expect(provenanceOf(figure)).toMatchObject({
        experiment: "micro-math/main, micro-sql/main",
        ...{ seeds: [0, 7], recorded: true, counts: { executed: 180, cached: 0 } },
        ...{ machine: record.provenance.machine, started: "2025-01-01T00:00:00.000Z" },
        keys: [...record.provenance.keys, "f".repeat(64)],
      });
    }
    expect(lab.figure4(runs).data.length).toBeGreaterThan(runs["micro-math"].figure("figure-4").data.length);
  });
});

describe("Table 1", () => {
  it("is data, and is shown as its two halves", () => {
    const { tasks, models } = lab.table1();
    const { data, metadata } = render(lab.table1());
    expect(metadata).toEqual({ "ilr-lab": { kind: "table" } });
    const cells = new JSDOM(String(data["text/html"])).window.document;
    const rows = (i: number): string[][] =>
      [...cells.querySelectorAll("table")[i]!.querySelectorAll("tbody tr")].map((row) =>
        [...row.children].map(({ textContent }) => textContent ?? ""),
      );
    expect(rows(0)).toEqual(tasks.map((row) => Object.values(row).map(String)));
    expect(rows(1).map(([model, lr, optimizer]) => ({ model, lr: Number(lr), optimizer }))).toEqual(models);
    for (const { model } of models) expect(data["text/plain"]).toContain(model);
  });
});

describe("lab", () => {
  it("draws a recorded run without computing anything", async () => {
    const run = await lab.recorded("micro-math/main", project);
    expect(run.record).toEqual(record);
    await expect(lab.recorded("micro-math/mian", project)).rejects.toMatchObject({
      code: "name-unknown",
      hint: 'did you mean "micro-math/main"?',
    });
  });

  it("tells what arms cost without running them", async () => {
    const set = [
      'limit={"train":40,"validation":6,"test":8}',
      "bases.weak.corpusTokens=2000",
      "bases.strong.corpusTokens=2000",
    ];
    const frame = await lab.costs("micro-math/quick", { project, set });
    expect(columnDocs(frame).array("meaning")).not.toContain(null);
    const rows = frame.objects() as Record<string, number | string>[];
    expect(rows.map(({ arm, rounds }) => [arm, rounds])).toEqual([
      ["SFT", 0],
      ["ILR (noisy oracle 0.75)", 2],
      ["DPO (noisy oracle 0.75)", 2],
    ]);
    const [sft, ilr, dpo] = rows;
    expect(sft).toMatchObject({ trained: null, flops: null });
    // Two halves and all of 20 labels, 2 epochs, against 15 % of 60 pairs once; one answer a question against six.
    expect(Number(ilr!.generated) / Number(dpo!.generated)).toBeCloseTo(1 / 6, 10);
    expect(Number(ilr!.trained) / Number(dpo!.trained)).toBeCloseTo((2 * (20 + 20)) / (2 * 9), 10);
    expect(ilr!.total).toBeCloseTo(Number(ilr!.before) + 2 * Number(ilr!.flops), 0);
  });

  it("lists the steps of a plan, what arms share once", async () => {
    const frame = await lab.plan("gsm8k/main", { project, profile: "paper", device: "h200" });
    expect(columnDocs(frame).array("meaning")).not.toContain(null);
    const rows = frame.objects() as Record<string, number | string | boolean>[];
    const weak = rows.filter(({ verb, step }) => verb === "sft" && step === "weak supervisor");
    expect(weak).toMatchObject([{ arms: 5, purpose: "method", inStore: false, accelerators: 1 }]);
    expect(rows.find(({ step }) => step === "ILR (evaluator) round 1: test answers")).toMatchObject({
      arms: 1,
      purpose: "measurement",
      trained: 0,
    });
    const costs = (await lab.costs("gsm8k/main", { project, profile: "paper" })).objects() as Record<string, number>[];
    const needed = rows.filter(({ purpose }) => purpose === "method");
    const apart = needed.reduce((sum, { arms, flops }) => sum + Number(arms) * Number(flops), 0);
    // What arms take one by one is each step as often as arms need it.
    expect(costs.reduce((sum, { total }) => sum + total!, 0) / apart).toBeCloseTo(1, 10);
  });

  it("lists the plans of a profile, and what cannot be planned with its reason", async () => {
    const frame = await lab.plans({ project, profile: "paper" });
    expect(columnDocs(frame).array("meaning")).not.toContain(null);
    const rows = frame.objects() as Record<string, number | string | null>[];
    const all = rows.find(({ experiment }) => experiment === "all, shared steps once")!;
    const planned = rows.filter((row) => row.refused === null && row !== all);
    const sum = planned.reduce((total, { steps }) => total + Number(steps), 0);
    expect(all.steps).toBeLessThan(sum);
    expect(planned.map(({ experiment }) => experiment)).toContain("gsm8k/main@paper");
    expect(rows.filter(({ refused }) => refused !== null)).toMatchObject([
      { experiment: "saferpaca/human@paper", steps: null, refused: expect.stringContaining("asks people") },
    ]);
    const main = planned.find(({ experiment }) => experiment === "gsm8k/main@paper")!;
    expect(main.steps).toBe((await lab.plan("gsm8k/main", { project, profile: "paper" })).numRows());
    await expect(lab.plans({ project, profile: "papre" })).rejects.toMatchObject({ code: "name-unknown" });
  });

  it("refuses what it does not know before it opens a store", async () => {
    expect(lab.experiments()).toContain("micro-math/main");
    const options = { project, progress: false } as const;
    const refused = (promise: Promise<unknown>, code: string, hint: string): Promise<void> =>
      expect(promise).rejects.toMatchObject({ code, hint: expect.stringContaining(hint) });
    await refused(lab.run("micro-math/mian", options), "name-unknown", "micro-math/main");
    await refused(
      lab.run("micro-math/main", { ...options, arms: ["SFT", "ILR (oracel)"] }),
      "name-unknown",
      "ILR (oracle)",
    );
    await refused(lab.run("micro-math/main", { ...options, set: ["alpah=0.3"] }), "config-invalid", "alpha");
    await expect(lab.run("micro-math/main", { ...options, rounds: 0 })).rejects.toThrow(/rounds/);
    await expect(lab.run("micro-math/main", { ...options, seeds: [] })).rejects.toThrow(/seeds/);
  });
});

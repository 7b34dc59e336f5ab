/** The paper's experiments from end to end, at the paper's scale but for the trainer, which pretends: data, grading, judge, Hub models. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Job } from "../../kernel-lib/src/backends/index.js";
import {
  type Experiment,
  parseExperiment,
  presetByName,
  type RunRecord,
  runExperiment,
  setField,
} from "../../kernel-lib/src/experiments/index.js";
import { openStore } from "../../kernel-lib/src/store/index.js";
import { comparisonIn, embedsLetters, judgeServer, verdict } from "../judge/judge-server.js";
import { writeBird } from "../tasks/bird/fixture.js";
import { type AnswerOf, type PretendingBackend, pretendingBackend } from "./pretending-backend.js";

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "ilr-paper-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

const commit = "0123456789".repeat(4);

/** One round on a handful of questions; models at a commit, so that no Hub is asked. */
function few(name: string, arms: readonly object[], ...changes: readonly string[]): Experiment {
  const settings = [
    'limit={"train":24,"validation":4,"test":6}',
    'rounds={"ilr":1,"dpo":1}',
    `bases.weak.hub.revision="${commit}"`,
    `bases.strong.hub.revision="${commit}"`,
    `arms=${JSON.stringify([{ name: "SFT", method: "sft" }, ...arms])}`,
    ...changes,
  ];
  return parseExperiment(settings.reduce(setField, presetByName(name, "paper")));
}

interface Ran {
  readonly record: RunRecord;
  readonly backend: PretendingBackend;
  readonly jobs: readonly Job["step"][];
  again(): Promise<RunRecord>;
}

async function run(experiment: Experiment, data: string, answerOf?: AnswerOf): Promise<Ran> {
  const results = await folder();
  const store = await openStore(join(results, "store"));
  const jobs: Job["step"][] = [];
  const backend = pretendingBackend(async ({ step }) => void jobs.push(step), answerOf);
  const again = (): Promise<RunRecord> => runExperiment(experiment, { store, results, data, backend });
  return { record: await again(), backend, jobs, again };
}

const ilrAndDpo = (comparisons: string) => [
  { name: "ILR", method: "ilr", comparisons },
  { name: "DPO", method: "dpo", comparisons },
];

describe("bird", () => {
  it("runs predicted SQL, and gives adapters the model under them", async () => {
    const row = (i: number) => ({
      ...{ db_id: "people", question: `Number ${i}?`, evidence: "", difficulty: "simple" },
      SQL: `SELECT n FROM number WHERE n % 3 = ${i % 3}`,
    });
    const rows = (count: number) => Array.from({ length: count }, (_, i) => row(i));
    const data = await writeBird(rows(460), rows(6));
    onTestFinished(() => rm(data, { recursive: true, force: true }));
    const queries = [0, 1, 2].map((rest) => `SELECT n AS answer FROM number WHERE n % 3 = ${rest} ORDER BY n DESC`);
    const answerOf = (draw: number): string => [...queries, "DELETE FROM number"][draw % 4]!;
    const { record, jobs, again, backend } = await run(few("bird/main", ilrAndDpo("oracle")), data, answerOf);
    for (const { testAccuracy } of record.points) expect([0, 1, 2, 3, 4, 5, 6]).toContain(Math.round(6 * testAccuracy));
    const weak = record.points.find(({ arm }) => arm === "Weak supervisor")!;
    expect(weak.labelAccuracy).toBeGreaterThan(0);
    expect(weak.labelAccuracy).toBeLessThan(1);
    const ilr = record.points.find(({ arm }) => arm === "ILR")!;
    expect(ilr.fixed).toBeGreaterThan(0);
    expect(ilr.broken).toBe(0);
    // LoRA: whatever takes an adapter as its model takes the model under it as base.
    for (const { verb, inputs } of jobs) {
      if (verb === "dpo") expect(inputs.base).toBeDefined();
      if (verb === "sample") expect(inputs.base).toBeDefined();
    }
    const ran = backend.calls.length;
    expect((await again()).points).toEqual(record.points);
    expect(backend.calls.length).toBe(ran);
  });
});

describe("saferpaca", () => {
  it("asks the judge for test answers and comparisons only, once, and says what it took", async () => {
    process.env.PAPER_TASKS_KEY = "sk-test";
    onTestFinished(() => void delete process.env.PAPER_TASKS_KEY);
    const server = await judgeServer((seen) => {
      if ("input" in seen.body && seen.body.input !== undefined) return embedsLetters(seen);
      const { a, b } = comparisonIn(seen);
      return { json: verdict(a.length / (a.length + b.length)) };
    });
    const data = await folder();
    await mkdir(join(data, "saferpaca"));
    for (const [split, count] of [
      ["train", 60],
      ["test", 6],
    ] as const) {
      const rows = Array.from({ length: count }, (_, i) => ({
        ...{ id: `${split}-${i}`, question: `Say ${i}.`, reference: `abc ${"x".repeat(i % 5)}` },
        category: i % 2 === 0 ? "general" : "safety",
      }));
      await writeFile(join(data, "saferpaca", `${split}.jsonl`), rows.map((row) => JSON.stringify(row)).join("\n"));
    }
    const place = { baseUrl: server.baseUrl, apiKeyVariable: "PAPER_TASKS_KEY" };
    const settings = [
      `judge=${JSON.stringify({ ...place, model: "judge" })}`,
      `embedding=${JSON.stringify({ ...place, model: "embedder" })}`,
    ];
    const experiment = few("saferpaca/main", ilrAndDpo("judge"), ...settings);
    const answerOf = (draw: number): string => `${"abcdef"[draw % 6]} ${"y".repeat(draw % 7)}`;
    const { record, again } = await run(experiment, data, answerOf);
    const weak = record.points.find(({ arm }) => arm === "Weak supervisor")!;
    expect(weak.labelAccuracy).toBeNull();
    expect(weak.testAccuracy).toBeGreaterThan(0);
    expect(weak.testAccuracy).toBeLessThan(1);
    expect(record.points.find(({ arm }) => arm === "ILR")!.accepted).toBeGreaterThan(0);
    const asked = server.seen.length;
    expect(record.provenance.outside?.judge?.calls).toBeGreaterThan(0);
    expect(JSON.stringify(record)).not.toContain("sk-test");
    const second = await again();
    expect(second.points).toEqual(record.points);
    expect(server.seen.length).toBe(asked);
    expect(second.provenance.outside?.judge?.calls).toBe(0);
  });

  it("is refused before anything is computed where the embedded engine would train models of the Hub", async () => {
    const experiment = few("saferpaca/main", []);
    const store = await openStore(join(await folder(), "store"));
    await expect(runExperiment(experiment, { store, results: "nowhere" })).rejects.toMatchObject({
      code: "unsupported",
    });
  });
});

/** What a run leaves and finds again: events, logs, sessions, records of the store, recorded runs and bases. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { failureOf } from "../../../kernel-lib/src/backends/contract/ending.js";
import { eventStream } from "../../../kernel-lib/src/backends/contract/event-stream.js";
import { logReader } from "../../../kernel-lib/src/backends/docker/log-frames.js";
import { createRunner } from "../../../kernel-lib/src/backends/index.js";
import { claimOf, readJobFile, readOutcome } from "../../../kernel-lib/src/backends/slurm/attempt.js";
import { canonicalJson, type StepEvent } from "../../../kernel-lib/src/core/index.js";
import { baseModel, readRun } from "../../../kernel-lib/src/experiments/index.js";
import { openSession } from "../../../kernel-lib/src/human/index.js";
import { openStore } from "../../../kernel-lib/src/store/index.js";
import { pretendingBackend } from "../../experiments/pretending-backend.js";
import { damagedBytes, damagedJson, damagedLines, damagedText, type Files } from "./damage.js";
import type { Surface } from "./surface.js";

const EVENTS = [
  { type: "progress", done: 1, total: 2, unit: "steps" },
  { type: "metric", name: "loss", value: 0.5, step: 1 },
  { type: "note", text: "a note" },
  { type: "error", code: "store-full", message: "disk", hint: null },
];
const eventLines = fc.oneof(
  fc
    .array(
      fc.constantFrom(...EVENTS).chain((event) => damagedJson(event)),
      { maxLength: 20 },
    )
    .map((all) => all.join("\n")),
  damagedLines(EVENTS),
  fc.constantFrom(
    ...["{", "x", "\n", "\r", '{"type":"note","text":"', "\u0000"].map((text) => text.repeat((6 << 20) / text.length)),
  ),
);

/** Longest text that may come of a stream, in characters. */
const MOST_KEPT = 2 << 20;

function readEvents(bytes: Uint8Array): unknown {
  let kept = 0;
  const emit = (event: StepEvent): void => {
    // canonicalJson throws for what no JSON can hold, such as infinities.
    kept = Math.max(kept, canonicalJson({ ...event }).length);
  };
  const stream = eventStream({ emit, secrets: ["canary"] });
  const size = 1 + (bytes.length % 65_537);
  for (let at = 0; at < bytes.length; at += size)
    stream.write(bytes.subarray(at, at + size), at % 3 === 0 ? "stderr" : "stdout");
  stream.end();
  const error = failureOf("sft", { exitCode: 1 }, stream);
  if (Math.max(kept, stream.tail.length) > MOST_KEPT) throw new Error(`${kept} characters were kept of one line`);
  if (error !== undefined && error.message.length > 40_000)
    throw new Error(`an error of ${error.message.length} characters`);
  return error?.code;
}

const frame = (source: number, text: string): Buffer => {
  const payload = Buffer.from(`2026-01-01T00:00:00.000000001Z ${text}`);
  const header = Buffer.from([source, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
};
const frames = Buffer.concat([frame(1, '{"type":"note","text":"x"}\n'), frame(2, "log\n"), frame(1, "z".repeat(9000))]);

function readFrames(bytes: Uint8Array): unknown {
  let taken = 0;
  const reader = logReader((payload) => {
    taken += payload.length;
  });
  // What an engine goes on to send when a length claimed too much.
  for (let k = 0; k < 40; k++) reader.write(Buffer.from(bytes));
  for (let k = 0; k < 200; k++) reader.write(Buffer.alloc(256 << 10, 0x41));
  reader.since();
  reader.restart();
  return taken;
}

const digest = "0".repeat(64);
const judgement = {
  ...{
    pair: digest,
    questionId: "q",
    a: digest,
    b: digest,
    left: "a",
    verdict: "accept",
    responseMs: 5,
    clockMs: 60_000,
  },
  ...{ gold: { better: "a", evaluator: 0.5 }, sitting: "s", person: "ann", at: "2026-01-01T00:00:00.000Z" },
};

const results = new URL("../../../results", import.meta.url).pathname;
const read = (path: string): string => readFileSync(join(results, path), "utf8");
const firstLines = (text: string, count: number): readonly unknown[] =>
  text
    .split("\n", count)
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as unknown);
const run = {
  "points.jsonl": read("micro-math/main/points.jsonl"),
  "evaluators.jsonl": read("micro-math/main/evaluators.jsonl"),
  "provenance.json": read("micro-math/main/provenance.json"),
};

/** A store in which one step was recorded, as files. */
async function recordedStore(): Promise<Files> {
  const root = mkdtempSync(join(tmpdir(), "ilr-valid-"));
  try {
    await askStore(root);
    const names = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    // Without its locks: their owner, this process, lives.
    const paths = names
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
      .filter((path) => !path.startsWith("locks"));
    return Object.fromEntries(paths.map((path) => [path, readFileSync(join(root, path))]));
  } finally {
    rmSync(root, { recursive: true });
  }
}

/** Asks for one step; what the store has is taken, if it is whole, and computed otherwise. */
async function askStore(root: string): Promise<string> {
  const store = await openStore(root, { warn: () => {} });
  const runner = createRunner({ store, backend: pretendingBackend(), onActivity: () => {} });
  const prompts = { ref: (await store.putRows([{ id: "q0", prompt: "2+2=" }])).ref, rows: 1 };
  const model = { ref: (await store.putBytes("a model")).ref };
  const params = { decoding: { kind: "greedy" }, maxAnswerTokens: 8 } as const;
  const { answers } = await runner.step("sample", params, { model, prompts }, { seed: 0, label: "x" });
  const text = JSON.stringify(await store.readRows(answers!.ref!));
  await store.verifyAll();
  await store.records();
  return text;
}
const stored = await recordedStore();
const expected = await (async () => {
  const root = mkdtempSync(join(tmpdir(), "ilr-valid-"));
  try {
    return await askStore(root);
  } finally {
    rmSync(root, { recursive: true });
  }
})();
const recordName = Object.keys(stored).find((path) => path.startsWith("steps/"))!;
const damagedStore: fc.Arbitrary<Files> = fc
  .oneof(
    {
      weight: 2,
      arbitrary: damagedText(JSON.parse(Buffer.from(stored[recordName]!).toString())).map((text) => ({
        [recordName]: text,
      })),
    },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom(...Object.keys(stored))
        .chain((path) => damagedBytes(Buffer.from(stored[path]!)).map((bytes) => ({ [path]: bytes }))),
    },
  )
  .map((damaged) => ({ ...stored, ...damaged }));

const provenance = JSON.parse(read("bases/micro-math-weak-0/provenance.json")) as object;
const base = { name: "micro-math-weak", pretrain: {} } as never;

async function readBase(folder: string): Promise<unknown> {
  const target = join(folder, "bases", "micro-math-weak-0");
  cpSync(join(results, "bases/micro-math-weak-0/model"), join(target, "model"), { recursive: true });
  const store = await openStore(join(folder, "store"), { warn: () => {} });
  return baseModel(undefined as never, undefined as never, base, 0, { store, results: folder, fromScratch: false });
}

export const runs: readonly Surface[] = [
  {
    name: "event streams of trainers",
    files: eventLines.map((text) => ({ stdout: text })),
    read: async (folder) => readEvents(readFileSync(join(folder, "stdout"))),
    tries: [60, 4000],
  },
  {
    name: "log frames of Docker",
    mended: ["I8"],
    files: damagedBytes(frames).map((bytes) => ({ log: bytes })),
    read: async (folder) => readFrames(readFileSync(join(folder, "log"))),
    tries: [30, 1000],
  },
  {
    name: "session files of people",
    files: damagedLines([judgement, { ...judgement, pair: "1".repeat(64) }]).map((text) => ({ "ann.jsonl": text })),
    read: async (folder) => {
      const session = await openSession(join(folder, "ann.jsonl"));
      await session.add({ ...judgement, pair: "2".repeat(64), person: session.person } as never);
      return session.judgements();
    },
    tries: [40, 3000],
  },
  {
    name: "records and content of the store",
    files: damagedStore,
    read: async (folder) => {
      const found = await askStore(folder);
      if (found !== expected) throw new Error("a damaged store gave a wrong result");
      return found;
    },
    tries: [30, 2000],
  },
  {
    name: "recorded runs",
    mended: ["I6"],
    files: fc
      .oneof(
        damagedLines(firstLines(run["points.jsonl"], 4)).map((text) => ({ "points.jsonl": text })),
        damagedLines(firstLines(run["evaluators.jsonl"], 2)).map((text) => ({ "evaluators.jsonl": text })),
        damagedText(JSON.parse(run["provenance.json"])).map((text) => ({ "provenance.json": text })),
      )
      .map((damaged) => ({ ...run, ...damaged })),
    read: (folder) => readRun(folder),
    tries: [30, 1500],
  },
  {
    name: "provenance of base models",
    mended: ["I7"],
    files: damagedText(provenance).map((text) => ({ "bases/micro-math-weak-0/provenance.json": text })),
    read: readBase,
    tries: [20, 1000],
  },
  {
    name: "job files of Slurm",
    files: fc
      .tuple(
        damagedText({ format: 1, key: "k", verb: "sample", attempts: [{ token: "t", job: "12" }] }),
        damagedText({ exitCode: 0 }),
        fc.string({ unit: "binary", maxLength: 40 }),
      )
      .map(([job, outcome, claim]) => ({ "job.json": job, "outcome.json": outcome, claim })),
    read: (folder) => Promise.all([readJobFile(folder), readOutcome(folder), claimOf(folder)]),
    tries: [40, 2000],
  },
];

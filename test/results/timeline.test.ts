import { describe, expect, it } from "vitest";
import { type Random, seededRandom, sha256 } from "../../kernel-lib/src/core/index.js";
import { type Timeline, timelineOf, timesFrame } from "../../kernel-lib/src/results/index.js";
import { type ActionRecord, describeMachine } from "../../kernel-lib/src/store/index.js";

const START = Date.parse("2026-01-01T00:00:00.000Z");

/** A record of times in seconds that needs some others' outputs. */
function record(
  name: string,
  verb: string | null,
  [start, end]: readonly [number, number],
  needs: readonly string[] = [],
) {
  const inputs = Object.fromEntries(needs.map((other) => [other, `file:${sha256(other)}`]));
  const step = { verb, contract: 1, params: {}, inputs, seed: 0 };
  const derivation = { name: "pairs", contract: 1, params: {}, inputs };
  return {
    ...{ format: 1, key: sha256(`key of ${name}`), label: name, seconds: end - start },
    document:
      verb === null
        ? { kind: "derive", derivation, code: "", salt: "" }
        : { kind: "step", step, trainer: "", salt: "" },
    outputs: { out: { ref: `file:${sha256(name)}`, size: 1 } },
    ...{ trainer: { name: "embedded", identity: "" }, versions: {}, machine: describeMachine() },
    startedAt: new Date(START + 1000 * start).toISOString(),
    endedAt: new Date(START + 1000 * end).toISOString(),
    events: { count: 0, metrics: {}, notes: [] },
  } as unknown as ActionRecord;
}

/** Steps of random length that need random earlier ones, run by so many workers, first come first served. */
function schedule(random: Random, workers: number): readonly ActionRecord[] {
  const freeAt = Array.from({ length: workers }, () => 0);
  const done: { readonly name: string; readonly end: number }[] = [];
  return Array.from({ length: 30 }, (_, i) => {
    const needs = done.filter(() => random.next() < 0.1);
    const worker = freeAt.indexOf(Math.min(...freeAt));
    const start = Math.max(freeAt[worker]!, ...needs.map(({ end }) => end));
    const end = start + 1 + random.below(20);
    freeAt[worker] = end;
    done.push({ name: `step ${i}`, end });
    const names = needs.map(({ name }) => name);
    return record(`step ${i}`, random.pick(["sft", "sample"]), [start, end], names);
  });
}

/** The longest chain by trying every one. */
function longestByHand(records: readonly ActionRecord[]): number {
  const makers = new Map(records.map((each) => [each.outputs.out!.ref as string, each]));
  const upTo = (each: ActionRecord): number => {
    const inputs = each.document.kind === "step" ? Object.values(each.document.step.inputs) : [];
    return each.seconds + Math.max(0, ...inputs.map((ref) => upTo(makers.get(ref)!)));
  };
  return Math.max(...records.map(upTo));
}

describe("a timeline of a schedule", () => {
  it.each([1, 2, 3])("has lanes without overlap, all of the workers' time, and the longest chain: seed %d", (seed) => {
    const random = seededRandom("timeline", seed);
    const records = schedule(random, 1 + seed);
    const { steps, wall, idle, workers, critical } = timelineOf(random.shuffle(records));
    expect(workers).toBeLessThanOrEqual(1 + seed);
    for (const [i, step] of steps.entries()) {
      const sameLane = steps.slice(i + 1).filter(({ lane }) => lane === step.lane);
      expect(sameLane.filter(({ start }) => start < step.end)).toEqual([]);
    }
    const worked = records.reduce((sum, { seconds }) => sum + seconds, 0);
    expect(worked + idle).toBeCloseTo(workers * wall, 6);
    expect(critical).toBeCloseTo(longestByHand(records), 6);
    const chain = steps.filter((step) => step.critical);
    expect(chain.every((step, i) => i === 0 || chain[i - 1]!.end <= step.start)).toBe(true);
  });

  const records = [
    record("yesterday", "sft", [-90_000, -89_980]),
    record("weak", "sft", [0, 10]),
    record("labels", "sample", [10, 14], ["weak"]),
    record("rows", null, [14, 15], ["labels"]),
    record("other", "sft", [10, 30]),
    record("student", "sft", [15, 45], ["rows"]),
  ];
  const timeline: Timeline = timelineOf(records);

  it("leaves out what was in the store since another day", () => {
    expect(timeline).toMatchObject({ wall: 45, workers: 2, earlier: 1, critical: 45, idle: 90 - 64 });
    expect(timeline.steps.map(({ label }) => label)).toEqual(["weak", "labels", "other", "rows", "student"]);
  });

  it("as a table has seconds by verb, idle workers and the clock", () => {
    const rows = timesFrame(timeline).objects() as Record<string, unknown>[];
    expect(rows.map(({ what, steps, seconds, critical }) => [what, steps, seconds, critical])).toEqual([
      ["sft", 3, 60, 40],
      ["sample", 1, 4, 4],
      ["tables", 1, 1, 1],
      ["idle", null, 26, null],
      ["all", 5, 45, 45],
    ]);
    expect(rows[0]!.share).toBeCloseTo((100 * 60) / 90, 9);
  });

  it("of nothing is empty", () => {
    expect(timelineOf([])).toEqual({ steps: [], workers: 0, wall: 0, idle: 0, critical: 0, earlier: 0 });
  });
});

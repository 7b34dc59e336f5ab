import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Comparison,
  type JudgeProgress,
  type JudgeSettings,
  type OpenJudge,
  openEmbeddingEndpoint,
  openJudge,
  plainComparison,
} from "../../kernel-lib/src/judge/index.js";
import type { Store } from "../../kernel-lib/src/store/index.js";
import {
  comparisonIn,
  completion,
  embedsLetters,
  type JudgeServer,
  judgeServer,
  prefersLonger,
  type Script,
  testStore,
  token,
  verdict,
} from "./judge-server.js";

interface Lab {
  readonly server: JudgeServer;
  readonly judge: OpenJudge;
  readonly store: Store;
  readonly warnings: readonly string[];
}

async function lab(script: Script, settings: Partial<JudgeSettings> = {}): Promise<Lab> {
  const server = await judgeServer(script);
  const { store, warnings } = await testStore();
  const judge = openJudge({ model: "m", baseUrl: server.baseUrl, retries: 0, ...settings }, { store });
  return { server, judge, store, warnings };
}

const pair = (i: number, a = "x".repeat(i + 1), b = "yyyy"): Comparison => ({ instruction: `do ${i}`, a, b });
const pairs = (count: number): readonly Comparison[] => Array.from({ length: count }, (_, i) => pair(i));

describe("a judge", () => {
  it("gives the win probability of each comparison, in their order", async () => {
    const { judge, server } = await lab(async (seen) => {
      await new Promise((resolve) => setTimeout(resolve, (seen.index % 3) * 5));
      return prefersLonger(seen);
    });
    const found = await judge.winProbability(pairs(12));
    for (const [i, p] of found.entries()) expect(p).toBeCloseTo((i + 1) / (i + 5), 12);
    expect(server.seen).toHaveLength(12);
  });

  it("asks as the paper's code does: temperature 0, seed 0, log-probabilities, prediction as output A", async () => {
    const { judge, server } = await lab(prefersLonger);
    await judge.winProbability([{ instruction: "count", a: "prediction $& $1", b: "reference" }]);
    const [{ path, body }] = server.seen as [(typeof server.seen)[0]];
    expect(path).toBe("/v1/chat/completions");
    expect(body).toMatchObject({
      model: "m",
      temperature: 0,
      seed: 0,
      logprobs: true,
      top_logprobs: 20,
      max_tokens: 300,
    });
    expect(comparisonIn(server.seen[0]!)).toEqual({ instruction: "count", a: "prediction $& $1", b: "reference" });
  });

  it("asked in both orders cancels a bias for a position exactly", async () => {
    for (const bias of [0.01, 0.3, 0.5, 0.9]) {
      const { judge, server } = await lab(() => ({ json: verdict(bias) }));
      const found = await judge.winProbability(pairs(5), { order: "both" });
      for (const p of found) expect(p).toBeCloseTo(0.5, 12);
      expect(server.seen).toHaveLength(10);
    }
  });

  it("asked in both orders is the mean, and mirrors itself when the outputs are swapped", async () => {
    const { judge } = await lab((seen) => {
      const { a, b } = comparisonIn(seen);
      return { json: verdict(Math.min(0.99, a.length / (a.length + b.length) + 0.1)) };
    });
    const text = fc.string({ minLength: 1, maxLength: 12, unit: fc.constantFrom("a", "b", "c") });
    await fc.assert(
      fc.asyncProperty(text, text, async (a, b) => {
        const [there, back] = await judge.winProbability(
          [
            { instruction: "i", a, b },
            { instruction: "i", a: b, b: a },
          ],
          { order: "both" },
        );
        expect(there! + back!).toBeCloseTo(1, 12);
        const share = a.length / (a.length + b.length);
        const mean = (Math.min(0.99, share + 0.1) + 1 - Math.min(0.99, 1 - share + 0.1)) / 2;
        expect(there).toBeCloseTo(a === b ? 0.5 : mean, 9);
      }),
      { numRuns: 25 },
    );
  });

  it("asks about an output against itself in one order, and in both orders knows the answer", async () => {
    const { judge, server } = await lab(() => ({ json: verdict(0.8) }));
    const same = [{ instruction: "i", a: "same", b: "same" }];
    expect(await judge.winProbability(same, { order: "both" })).toEqual([0.5]);
    expect(server.seen).toHaveLength(0);
    expect((await judge.winProbability(same))[0]).toBeCloseTo(0.8, 12);
    expect(server.seen).toHaveLength(1);
  });

  it("takes an empty list", async () => {
    const { judge } = await lab(prefersLonger);
    expect(await judge.winProbability([])).toEqual([]);
    expect(await judge.winProbability([], { order: "both" })).toEqual([]);
  });

  it("never asks more at once than it may, and is not one by one either", async () => {
    const slow: Script = async (seen) => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      return prefersLonger(seen);
    };
    const { judge, server } = await lab(slow, { maxConcurrent: 3 });
    await judge.winProbability(pairs(20));
    expect(server.busiest).toBe(3);
  });

  it("with the plain prompt reads the one token of the answer", async () => {
    const server = await judgeServer(() => ({
      json: completion([token("A", { A: Math.log(0.6), B: Math.log(0.2) })], { finish: "length" }),
    }));
    const { store } = await testStore();
    const judge = openJudge({ model: "m", baseUrl: server.baseUrl }, { store, prompt: plainComparison });
    expect((await judge.winProbability([pair(0)]))[0]).toBeCloseTo(0.75, 12);
    expect(server.seen[0]!.body.max_tokens).toBe(1);
  });

  it("says how far it is", async () => {
    const { judge } = await lab(prefersLonger);
    const steps: JudgeProgress[] = [];
    await judge.winProbability(pairs(4), { order: "both", progress: (step) => steps.push(step) });
    expect(steps).toEqual(Array.from({ length: 8 }, (_, i) => ({ done: i + 1, total: 8 })));
  });

  it("reports who judged and what it cost", async () => {
    const { judge } = await lab(prefersLonger, { prices: { input: 2.5, output: 10 } });
    await judge.winProbability(pairs(4));
    expect(judge.report()).toEqual({
      calls: 4,
      inputTokens: 800,
      outputTokens: 20,
      usd: (800 * 2.5 + 20 * 10) / 1e6,
      verdicts: 4,
      known: 0,
      absent: 0,
      servedBy: ["test-judge-2026-01-01 (fp_1)"],
    });
  });
});

describe("a verdict", () => {
  it("is asked for once: a second run sends nothing and says the same", async () => {
    const { judge, server, store } = await lab(prefersLonger);
    const first = await judge.winProbability(pairs(10), { order: "both" });
    const again = openJudge({ model: "m", baseUrl: "http://127.0.0.1:1/v1" }, { store });
    expect(await again.winProbability(pairs(10), { order: "both" })).toEqual(first);
    expect(server.seen).toHaveLength(20);
    expect(again.report()).toMatchObject({
      calls: 0,
      verdicts: 20,
      known: 20,
      servedBy: ["test-judge-2026-01-01 (fp_1)"],
    });
  });

  it("asked for twice at once is asked for once, by two judges of one store too", async () => {
    const { judge, server, store } = await lab(prefersLonger);
    const other = openJudge({ model: "m", baseUrl: server.baseUrl }, { store });
    const twice = [...pairs(5), ...pairs(5)];
    const [one, two] = await Promise.all([judge.winProbability(twice), other.winProbability(twice)]);
    expect(one).toEqual(two);
    expect(one.slice(0, 5)).toEqual(one.slice(5));
    expect(server.seen).toHaveLength(5);
  });

  it("is another one for another model, prompt, number of alternatives, instruction or output", async () => {
    const { judge, server, store } = await lab(prefersLonger);
    await judge.winProbability([pair(0)]);
    const settings = { model: "m", baseUrl: server.baseUrl };
    await openJudge({ ...settings, model: "n" }, { store }).winProbability([pair(0)]);
    await openJudge({ ...settings, topLogprobs: 5 }, { store }).winProbability([pair(0)]);
    await openJudge(settings, { store, prompt: { ...plainComparison, explains: true } }).winProbability([pair(0)]);
    await judge.winProbability([pair(1), pair(0, "x", "z"), { ...pair(0), a: "x " }]);
    expect(server.seen).toHaveLength(7);
    await openJudge({ ...settings, maxConcurrent: 1, timeoutMs: 9 }, { store }).winProbability([pair(0)]);
    expect(server.seen).toHaveLength(7);
  });

  it("is kept with who gave it, what was asked and what was said", async () => {
    const { judge, store } = await lab(prefersLonger);
    await judge.winProbability([pair(0)]);
    const folder = join(store.root, "answers", "judge");
    const [name] = (await readdir(folder, { recursive: true })).filter((path) => path.endsWith(".json"));
    const { question, answer } = JSON.parse(await readFile(join(folder, name!), "utf8")) as Record<string, unknown>;
    expect(question).toMatchObject({
      model: "m",
      prompt: "explained-comparison-1",
      messages: [{ role: "system" }, {}],
    });
    expect(answer).toMatchObject({
      absence: null,
      text: "A is fine.\nB",
      servedModel: "test-judge-2026-01-01",
      fingerprint: "fp_1",
      logprobs: { a: Math.log(0.2), b: Math.log(0.8) },
    });
  });

  it("that does not come is asked for once more, then absent, counted, and not asked for again", async () => {
    const { judge, server, store } = await lab(() => ({ json: completion([token("Both")]) }));
    expect(await judge.winProbability([pair(0)])).toEqual([undefined]);
    expect(server.seen.map(({ body }) => body.seed)).toEqual([0, 1]);
    expect(judge.report()).toMatchObject({ verdicts: 1, absent: 1 });
    const again = openJudge({ model: "m", baseUrl: server.baseUrl }, { store });
    expect(await again.winProbability([pair(0)])).toEqual([undefined]);
    expect(server.seen).toHaveLength(2);
    expect(again.report()).toMatchObject({ absent: 1, calls: 0 });
  });

  it("that comes the second time counts", async () => {
    const { judge } = await lab((seen) => ({ json: seen.index === 0 ? completion([token("Hm")]) : verdict(0.7) }));
    expect((await judge.winProbability([pair(0)]))[0]).toBeCloseTo(0.7, 12);
    expect(judge.report().absent).toBe(0);
  });

  it("in both orders is absent where one order is", async () => {
    const { judge } = await lab((seen) => ({
      json: comparisonIn(seen).a === "yyyy" ? completion([token("Hm")]) : verdict(0.7),
    }));
    expect(await judge.winProbability([pair(0)], { order: "both" })).toEqual([undefined]);
  });

  it("that a content filter forbids is absent, and the others are there", async () => {
    const { judge } = await lab((seen) =>
      comparisonIn(seen).instruction === "do 1"
        ? { status: 400, json: { error: { message: "blocked", code: "content_filter" } } }
        : prefersLonger(seen),
    );
    const found = await judge.winProbability(pairs(3));
    expect(found.map((p) => p === undefined)).toEqual([false, true, false]);
  });

  it("can be waited for by one who stays while the one who asked first gives up", async () => {
    const { judge, server } = await lab(async (seen) => {
      await new Promise((resolve) => setTimeout(resolve, 30));
      return prefersLonger(seen);
    });
    const gaveUp = new AbortController();
    const first = judge.winProbability([pair(0)], { signal: gaveUp.signal });
    const second = judge.winProbability([pair(0)]);
    setTimeout(() => gaveUp.abort(), 10);
    await expect(first).rejects.toMatchObject({ code: "cancelled" });
    expect((await second)[0]).toBeCloseTo(0.2, 12);
    expect(server.seen.length).toBeLessThanOrEqual(2);
  });
});

describe("an interrupted batch", () => {
  it("stops at once, keeps what is finished, and later asks for the rest only", async () => {
    const stop = new AbortController();
    const { judge, server } = await lab(
      (seen) => {
        if (seen.index === 7) stop.abort();
        return seen.index >= 7 && !served ? { hang: "headers" } : prefersLonger(seen);
      },
      { maxConcurrent: 1 },
    );
    let served = false;
    await expect(judge.winProbability(pairs(20), { signal: stop.signal })).rejects.toMatchObject({ code: "cancelled" });
    expect(server.seen).toHaveLength(8);
    served = true;
    expect(await judge.winProbability(pairs(20))).toHaveLength(20);
    expect(server.seen).toHaveLength(8 + 13);
  });

  it("sends nothing when it was cancelled before", async () => {
    const { judge, server } = await lab(prefersLonger);
    await expect(judge.winProbability(pairs(3), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "cancelled",
    });
    expect(server.seen).toHaveLength(0);
  });
});

describe("a signal and a progress given when judge or embedder are opened", () => {
  it("serve the calls that bring none", async () => {
    const server = await judgeServer((seen) =>
      seen.path.endsWith("embeddings") ? embedsLetters(seen) : prefersLonger(seen),
    );
    const { store } = await testStore();
    const stop = new AbortController();
    const steps: JudgeProgress[] = [];
    const settings = { model: "m", baseUrl: server.baseUrl };
    const given = { store, signal: stop.signal, progress: (step: JudgeProgress) => steps.push(step) };
    const judge = openJudge(settings, given);
    const embedder = openEmbeddingEndpoint(settings, given);
    await judge.winProbability([pair(0)]);
    await embedder.embed(["a"]);
    expect(steps).toEqual([
      { done: 1, total: 1 },
      { done: 0, total: 1 },
      { done: 1, total: 1 },
    ]);
    stop.abort();
    await expect(judge.winProbability([pair(1)])).rejects.toMatchObject({ code: "cancelled" });
    await expect(embedder.embed(["b"])).rejects.toMatchObject({ code: "cancelled" });
    expect(await judge.winProbability([pair(1)], { signal: new AbortController().signal })).toHaveLength(1);
  });
});

describe("a thousand verdicts", () => {
  it("take seconds, and no memory that stays", async () => {
    const { judge, store, server } = await lab(prefersLonger, { maxConcurrent: 32 });
    const many = Array.from({ length: 1000 }, (_, i) =>
      pair(i % 50, undefined, `reference ${i} ${"word ".repeat(400)}`),
    );
    const before = process.memoryUsage().rss;
    const started = performance.now();
    const cpu = process.cpuUsage();
    const first = await judge.winProbability(many);
    const asked = performance.now() - started;
    const { user, system } = process.cpuUsage(cpu);
    const worked = (user + system) / 1000;
    const again = openJudge({ model: "m", baseUrl: server.baseUrl }, { store });
    const restarted = performance.now();
    expect(await again.winProbability(many)).toEqual(first);
    const recalled = performance.now() - restarted;
    const grown = (process.memoryUsage().rss - before) / 2 ** 20;
    console.info(
      `1,000 verdicts: ${asked.toFixed(0)} ms asked, ${recalled.toFixed(0)} ms recalled, ${grown.toFixed(0)} MB`,
    );
    expect(server.seen).toHaveLength(1000);
    // CPU, the server's included: the wall clock is the machine's other work, too.
    expect(worked).toBeLessThan(60_000);
    expect(grown).toBeLessThan(400);
  });
});

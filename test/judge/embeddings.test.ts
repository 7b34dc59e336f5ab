import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type EmbeddingSettings, openEmbeddingEndpoint, similarity } from "../../kernel-lib/src/judge/index.js";
import { embedsLetters, judgeServer, lettersOf, type Script, testStore, virtualTime } from "./judge-server.js";

async function lab(script: Script = embedsLetters, settings: Partial<EmbeddingSettings> = {}) {
  const server = await judgeServer(script);
  const { store } = await testStore();
  const open = () =>
    openEmbeddingEndpoint(
      { model: "e", baseUrl: server.baseUrl, retries: 1, ...settings },
      { store, timing: virtualTime() },
    );
  return { server, store, open, embedder: open() };
}

/** Cosine by the textbook. */
function cosine(x: readonly number[], y: readonly number[]): number {
  const dot = (u: readonly number[], v: readonly number[]): number =>
    u.reduce((sum, value, i) => sum + value * v[i]!, 0);
  return dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y));
}

describe("an embedding endpoint", () => {
  it("gives unit vectors whose similarity is the cosine, in the texts' order", async () => {
    const { embedder } = await lab(embedsLetters, { batchSize: 3 });
    const text = fc.string({ unit: fc.constantFrom("a", "b", "c", "d", "e", "f"), maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 2, maxLength: 10 }), async (texts) => {
        const vectors = await embedder.embed(texts);
        for (const [i, vector] of vectors.entries()) {
          expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
          expect(similarity(vector, vectors[0]!)).toBeCloseTo(cosine(lettersOf(texts[i]!), lettersOf(texts[0]!)), 5);
        }
      }),
      { numRuns: 20 },
    );
  });

  it("asks for each different text once, in batches, as numbers", async () => {
    const { embedder, server } = await lab(embedsLetters, { batchSize: 4, dimensions: 6 });
    await embedder.embed(["a", "b", "a", "c", "d", "e", "a"]);
    expect(server.seen.map(({ body }) => body.input)).toEqual([["a", "b", "c", "d"], ["e"]]);
    expect(server.seen[0]!.path).toBe("/v1/embeddings");
    expect(server.seen[0]!.body).toMatchObject({ model: "e", encoding_format: "float", dimensions: 6 });
    expect(embedder.spent()).toMatchObject({ calls: 2, inputTokens: 15, outputTokens: 0 });
  });

  it("asks for nothing twice: a second run sends nothing, more texts send the new ones only", async () => {
    const { embedder, open, server } = await lab();
    const first = await embedder.embed(["abc", "def"]);
    expect(await open().embed(["def", "abc"])).toEqual([first[1], first[0]]);
    expect(server.seen).toHaveLength(1);
    await open().embed(["abc", "new"]);
    expect(server.seen[1]!.body.input).toEqual(["new"]);
  });

  it("keeps the batches that were finished before the budget was spent", async () => {
    const { open, server } = await lab(embedsLetters, { batchSize: 1, maxConcurrent: 1, budget: { calls: 3 } });
    await expect(open().embed(["a", "b", "c", "d"])).rejects.toMatchObject({ code: "budget-exhausted" });
    await open().embed(["a", "b", "c", "d"]);
    expect(server.seen).toHaveLength(4);
  });

  it("does not take what is no list of embeddings of one length, one a text", async () => {
    const item = (index: number, embedding: unknown) => ({ index, embedding });
    for (const data of [
      [],
      [item(0, [1, 0])],
      [item(0, [1, 0]), item(0, [1, 0])],
      [item(0, [1, 0]), item(2, [1, 0])],
      [item(0, [1, 0]), item(1, [1])],
      [item(0, [1, 0]), item(1, [0, 0])],
      [item(0, [1, 0]), item(1, [null, 1])],
      [item(0, [1, 0]), item(1, "AACAPw==")],
      [item(0, [1, 0]), item(1, [1, 0]), item(2, [1, 0])],
      "none",
    ]) {
      const { embedder, server } = await lab(() => ({ json: { data } }));
      await expect(embedder.embed(["a", "b"])).rejects.toMatchObject({ code: "unreachable" });
      expect(server.seen).toHaveLength(2);
    }
  });

  it("takes an empty list, and stops when it is cancelled", async () => {
    const { embedder, server } = await lab();
    expect(await embedder.embed([])).toEqual([]);
    await expect(embedder.embed(["a"], { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "cancelled" });
    expect(server.seen).toHaveLength(0);
  });
});

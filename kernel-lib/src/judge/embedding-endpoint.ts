import { z } from "zod";
import { type Json, LabError } from "../core/index.js";
import { type Memo, openMemo } from "../store/index.js";
import type { Spent, Usage } from "./budget.js";
import { type Embedder, type Embedding, normalised } from "./embedder.js";
import { Declined, Nonsense } from "./faults.js";
import { inOrder } from "./in-order.js";
import type { JudgeDependencies } from "./judge.js";
import { openServer, type Server } from "./server.js";
import { embeddingSettings, parseSettings } from "./settings.js";

export type EmbeddingSettings = z.input<typeof embeddingSettings>;

const responseSchema = z.object({
  data: z.array(z.object({ index: z.int(), embedding: z.array(z.number()).min(1) })),
  usage: z.object({ prompt_tokens: z.number() }).nullish(),
});

/**
 * Embeddings from an OpenAI-compatible server (the paper's code asks for "text-embedding-3-large"), each kept in the store and asked
 * for once.
 *
 * @throws LabError `config-invalid`.
 * @example
 * const embedder = openEmbeddingEndpoint({ model: "text-embedding-3-large" }, { store });
 * const [x, y] = await embedder.embed(["a cat", "a kitten"]);
 */
export function openEmbeddingEndpoint(
  input: EmbeddingSettings,
  { store, timing, ...defaults }: Omit<JudgeDependencies, "prompt">,
): Embedder & { spent(): Spent } {
  const settings = parseSettings(embeddingSettings, input);
  const { model, dimensions, batchSize, maxConcurrent } = settings;
  const server = openServer(settings, timing);
  const memo = openMemo(store, "embeddings");
  const identity = { kind: "embedding", model, ...(dimensions !== undefined && { dimensions }) };
  return {
    identity,
    spent: server.spent,
    embed: async (texts, options = {}) => {
      const { signal, progress } = { ...defaults, ...options };
      const different = [...new Set(texts)];
      const known = await recallAll(memo, identity, different);
      const missing = different.filter((text) => !known.has(text));
      progress?.({ done: known.size, total: different.length });
      await inOrder(
        batchesOf(missing, batchSize),
        maxConcurrent,
        async (batch) => {
          const vectors = await askFor(server, { model, dimensions, batch }, signal);
          for (const [i, text] of batch.entries()) {
            await memo.put({ ...identity, text }, encode(vectors[i]!));
            known.set(text, vectors[i]!);
          }
          progress?.({ done: known.size, total: different.length });
        },
        { signal },
      );
      return texts.map((text) => known.get(text)!);
    },
  };
}

async function recallAll(
  memo: Memo,
  identity: { readonly [key: string]: Json },
  texts: readonly string[],
): Promise<Map<string, Embedding>> {
  const found = await inOrder(texts, 16, (text) => memo.get({ ...identity, text }));
  return new Map(
    texts.flatMap((text, i): [string, Embedding][] => (found[i] === undefined ? [] : [[text, decode(found[i])]])),
  );
}

function batchesOf(texts: readonly string[], size: number): readonly (readonly string[])[] {
  return Array.from({ length: Math.ceil(texts.length / size) }, (_, i) => texts.slice(i * size, (i + 1) * size));
}

interface Batch {
  readonly model: string;
  readonly dimensions: number | undefined;
  readonly batch: readonly string[];
}

async function askFor(
  server: Server,
  { model, dimensions, batch }: Batch,
  signal?: AbortSignal,
): Promise<readonly Embedding[]> {
  const shape = dimensions === undefined ? {} : { dimensions };
  try {
    return await server.ask(
      {
        send: (client, abort) =>
          // "float": left to itself the client asks for base64, which not every server knows.
          client.embeddings.create({ model, input: [...batch], encoding_format: "float", ...shape }, { signal: abort }),
        read: (body) => readEmbeddings(body, batch.length),
      },
      signal,
    );
  } catch (error) {
    throw error instanceof Declined ? new LabError("unreachable", error.message) : error;
  }
}

function readEmbeddings(body: unknown, count: number): { value: readonly Embedding[]; usage: Usage | undefined } {
  const parsed = responseSchema.safeParse(body);
  if (!parsed.success) throw new Nonsense("the answer is not a list of embeddings");
  const { data, usage } = parsed.data;
  const vectors = new Map(data.map(({ index, embedding }) => [index, normalised(embedding)]));
  const value = Array.from({ length: count }, (_, i) => vectors.get(i));
  const complete = value.every(
    (vector): vector is Embedding => vector !== undefined && vector.length === value[0]!.length,
  );
  if (!complete || data.length !== count) {
    throw new Nonsense(
      `the answer does not hold ${count} embeddings of one length, but ${data.length} of its own kind`,
    );
  }
  return { value, usage: usage ? { inputTokens: usage.prompt_tokens, outputTokens: 0 } : undefined };
}

/** Base64 of little-endian float32: a third of what decimal numbers take. */
function encode(vector: Embedding): Json {
  const bytes = Buffer.alloc(4 * vector.length);
  for (const [i, value] of vector.entries()) bytes.writeFloatLE(value, 4 * i);
  return { float32: bytes.toString("base64") };
}

function decode(entry: Json | undefined): Embedding {
  const bytes = Buffer.from((entry as { readonly float32: string }).float32, "base64");
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i));
}

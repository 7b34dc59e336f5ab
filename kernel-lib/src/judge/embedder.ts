import type { Json } from "../core/index.js";

/** A point on the unit sphere: the dot product of two is the cosine of their angle. */
export type Embedding = Float32Array;

export interface EmbedOptions {
  readonly signal?: AbortSignal;
  /** Different texts embedded so far, and in all. */
  readonly progress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/** What compares texts by meaning; a test or a notebook may bring its own. */
export interface Embedder {
  /** What embeddings depend on. Part of keys. */
  readonly identity: Json;
  /** One vector a text, in their order. @throws LabError `unreachable`, `input-damaged`, `budget-exhausted`, `cancelled`. */
  embed(texts: readonly string[], options?: EmbedOptions): Promise<readonly Embedding[]>;
}

/** Cosine similarity of two unit vectors, -1 to 1. */
export function similarity(x: Embedding, y: Embedding): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! * y[i]!;
  return Math.min(1, Math.max(-1, sum));
}

/** The vector scaled to length 1; undefined if it has no direction. */
export function normalised(vector: ArrayLike<number>): Embedding | undefined {
  let squares = 0;
  for (let i = 0; i < vector.length; i++) squares += vector[i]! * vector[i]!;
  if (!(squares > 0 && Number.isFinite(squares))) return undefined;
  return Float32Array.from(vector, (value) => value / Math.sqrt(squares));
}

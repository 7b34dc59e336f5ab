/** What training.ts trains: made-up batches with the lengths of real ones. */
import { seededRandom } from "../../kernel-lib/src/core/index.js";
import type { Sequence } from "../../kernel-lib/src/engine/batch.js";
import { answered } from "../../kernel-lib/src/engine/sequences.js";
import { type Architecture, architectureSchema } from "../../kernel-lib/src/steps/index.js";

export interface Workload {
  readonly name: string;
  readonly architecture: Architecture;
  readonly kind: "pretrain" | "sft";
  readonly batch: number;
  /** Tokens of a sequence; for `sft` the longest. */
  readonly length: number;
  /** Optimizer steps of one measurement. */
  readonly steps: number;
  /** Share of the sgemm limit that is asked for. */
  readonly share?: number;
  /** Whether it is held against torch.compile, too, whose compilation takes minutes. */
  readonly compiled?: boolean;
}

const VOCABULARY = 119;

function llama(hiddenSize: number, layers: number, heads: number, intermediateSize: number): Architecture {
  return architectureSchema.parse({
    vocabSize: VOCABULARY,
    hiddenSize,
    layers,
    heads,
    intermediateSize,
    maxPositions: 256,
  });
}

const small = llama(64, 3, 4, 176);
const medium = llama(96, 3, 4, 256);
const large = llama(256, 6, 8, 688);

export const workloads: readonly Workload[] = [
  { name: "pretrain d=64", architecture: small, kind: "pretrain", batch: 32, length: 64, steps: 40 },
  { name: "pretrain d=96", architecture: medium, kind: "pretrain", batch: 32, length: 64, steps: 30 },
  { name: "pretrain d=96 T=128", architecture: medium, kind: "pretrain", batch: 32, length: 128, steps: 15 },
  {
    ...{ name: "pretrain d=256", architecture: large, kind: "pretrain", batch: 32, length: 128, steps: 2 },
    ...{ share: 0.85, compiled: true },
  },
  { name: "sft d=64", architecture: small, kind: "sft", batch: 8, length: 64, steps: 100 },
  { name: "sft d=96", architecture: medium, kind: "sft", batch: 8, length: 64, steps: 80, compiled: true },
];

/** Batches of a workload: for `sft`, rows of 30 tokens to the longest, of which 55 % are the answer. */
export function makeBatches({ kind, batch, length }: Workload): readonly (readonly Sequence[])[] {
  const random = seededRandom("bench", kind, length);
  return Array.from({ length: 10 }, () =>
    Array.from({ length: batch }, () => {
      const size = kind === "pretrain" ? length + 1 : 31 + random.below(length - 30);
      const ids = Array.from({ length: size }, () => random.below(VOCABULARY));
      const prompt = kind === "pretrain" ? 1 : Math.floor(0.45 * size);
      return answered(ids.slice(0, prompt), ids.slice(prompt));
    }),
  );
}

import { InferenceSession } from "onnxruntime-node";
import type { Architecture } from "../steps/index.js";
import { targetLogprobs } from "./autodiff/loss.js";
import { Tape } from "./autodiff/tape.js";
import { declareBatch, type Sequence } from "./batch.js";
import type { Head } from "./layout.js";
import { decoder } from "./model.js";
import { Graph } from "./onnx/graph.js";
import { packBatch } from "./packing.js";
import { SESSION_OPTIONS } from "./session.js";
import { declareWeights, weightFeeds } from "./weights.js";

/** The forward pass alone: the same model code, nothing tracked. */
export interface Forward {
  /** Log-probabilities (nats) of all targets of a batch, sequence by sequence. */
  logprobs(sequences: readonly Sequence[], parameters: Float32Array): Promise<Float32Array>;
  dispose(): Promise<void>;
}

/** Builds the forward graph and its session; parameters come with each call, so that one session serves a model in training. */
export async function createForward(architecture: Architecture, head: Head): Promise<Forward> {
  const graph = new Graph("forward");
  const tape = new Tape(graph);
  const weights = declareWeights(tape, architecture, head, "selected", false);
  const batch = declareBatch(graph, architecture.heads, "selected");
  const logits = decoder(tape, weights, architecture, batch);
  const logprobs = graph.output(targetLogprobs(tape, logits, batch.targets));
  const session = await InferenceSession.create(graph.toModel(), SESSION_OPTIONS);
  return {
    async logprobs(sequences, parameters) {
      const { feeds } = packBatch(sequences, architecture.heads, architecture.maxPositions, "selected");
      const results = await session.run({ ...feeds, ...weightFeeds(parameters, architecture, head) });
      return results[logprobs.name]!.data as Float32Array;
    },
    dispose: () => session.release(),
  };
}

/** Tokens of a batch of forward passes. */
const BATCH_TOKENS = 4096;

/** Indices of sequences in batches of about 4096 tokens and similar lengths, longest first. */
export function lengthBatches(sequences: readonly Sequence[]): readonly (readonly number[])[] {
  const order = sequences.map((_, index) => index).sort((a, b) => length(b) - length(a) || a - b);
  const batches: number[][] = [];
  let room = 0;
  for (const index of order) {
    if (room < length(index)) {
      batches.push([]);
      room = BATCH_TOKENS;
    }
    batches.at(-1)!.push(index);
    room -= length(index);
  }
  return batches;

  function length(index: number): number {
    return sequences[index]!.ids.length;
  }
}

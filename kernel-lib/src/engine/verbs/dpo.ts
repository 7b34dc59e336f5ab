import { access } from "node:fs/promises";
import { Tensor } from "onnxruntime-node";
import { seededRandom, throwIfCancelled } from "../../core/index.js";
import type { Params, PreferencePair } from "../../steps/index.js";
import type { Feeds, Sequence } from "../batch.js";
import { type Checkpoint, readCheckpoint, writeCheckpoint } from "../checkpoint.js";
import { createForward, lengthBatches } from "../forward.js";
import { preference } from "../objective.js";
import { packBatch } from "../packing.js";
import { readRows } from "../rows.js";
import { branched, checkLength, checkTargets } from "../sequences.js";
import { inputPath, outputPath, type StepContext } from "../step-context.js";
import { loadTokenizer } from "../tokenizer.js";
import { createTrainer } from "../trainer.js";
import { epochBatches, mapped, train } from "../training-loop.js";

/** A pair ready for training: prompt, chosen and rejected in one sequence. */
export interface PairSequence {
  readonly sequence: Sequence;
  /** Targets of the chosen answer; the others are the rejected answer's. */
  readonly chosenTargets: number;
}

/**
 * Direct preference optimization. EOS is appended to both answers. The reference's log-probabilities are computed once, before the
 * first step. Each pair is one sequence: the prompt, then both answers, which do not see each other.
 */
export async function dpo(context: StepContext<"dpo">): Promise<void> {
  const { params, seed, emit } = context;
  const { optimizer, batchSize, epochs, beta } = params;
  const policy = await readCheckpoint(inputPath(context, "model"));
  const reference = (await exists(inputPath(context, "reference")))
    ? await readCheckpoint(inputPath(context, "reference"))
    : policy;
  const { architecture } = policy;
  const pairs = await readPairs(context, policy);
  const offsets = await referenceMargins(reference, pairs, params.loss, context.signal);
  emit({ type: "note", text: `reference log-probabilities of ${pairs.length} pairs computed` });

  const examples = pairs.map((pair, k) => ({ pair, offset: -offsets[k]! }));
  const steps = Math.ceil(pairs.length / batchSize) * epochs;
  const trainer = await createTrainer({
    ...policy,
    head: "lm",
    optimizer,
    objective: preference(params),
    rows: "selected",
  });
  try {
    const shuffled = epochBatches(examples, batchSize, epochs, (all, epoch) =>
      seededRandom(seed, "dpo", "order", epoch).shuffle(all),
    );
    const batches = mapped(shuffled, ({ epoch, rows }) => {
      const sequences = rows.map(({ pair }) => pair.sequence);
      const { feeds, tokens } = packBatch(sequences, architecture.heads, architecture.maxPositions, "selected");
      const objective = preferenceFeeds(
        rows.map(({ pair }) => pair),
        rows.map(({ offset }) => offset),
        params.loss,
      );
      return { epoch, tokens, feeds: { ...feeds, ...objective } };
    });
    await train(context, trainer, {
      optimizer,
      steps,
      batches,
      describe: ({ reports }) => describeMargins(reports.margins!, beta),
    });
    await writeCheckpoint(
      outputPath(context, "model"),
      { ...policy, parameters: trainer.parameters() },
      { storage: "float32" },
    );
  } finally {
    await trainer.dispose();
  }
}

/** One sequence of a pair; answers end with EOS. */
export function pairSequence(
  prompt: readonly number[],
  chosen: readonly number[],
  rejected: readonly number[],
): PairSequence {
  const sequence = branched(prompt, [chosen, rejected]);
  return { sequence, chosenTargets: chosen.length - (prompt.length === 0 ? 1 : 0) };
}

/**
 * Feeds of the preference objective: a matrix that sums (IPO: averages) the log-probabilities of each pair's chosen answer and
 * subtracts the rejected one's, and what the reference has to say.
 * @param offsets minus the reference's margins, one a pair.
 */
export function preferenceFeeds(
  pairs: readonly PairSequence[],
  offsets: readonly number[],
  loss: Params<"dpo">["loss"],
): Feeds {
  const columns = pairs.reduce((sum, { sequence }) => sum + sequence.at.length, 0);
  const signs = new Float32Array(pairs.length * columns);
  let start = 0;
  pairs.forEach((pair, row) => {
    const weights = targetSigns(pair, loss);
    signs.set(weights, row * columns + start);
    start += weights.length;
  });
  const column = [pairs.length, 1];
  return {
    signs: new Tensor("float32", signs, [pairs.length, columns]),
    offset: new Tensor("float32", Float32Array.from(offsets), column),
    pairWeights: new Tensor("float32", new Float32Array(pairs.length).fill(1 / pairs.length), column),
  };
}

/** How much each target adds to its pair's margin. */
function targetSigns({ sequence, chosenTargets }: PairSequence, loss: Params<"dpo">["loss"]): readonly number[] {
  const rejectedTargets = sequence.at.length - chosenTargets;
  const [plus, minus] = loss === "ipo" ? [1 / chosenTargets, -1 / rejectedTargets] : [1, -1];
  return sequence.at.map((_, k) => (k < chosenTargets ? plus : minus));
}

/** log ref(chosen) - log ref(rejected) of each pair (IPO: of means over tokens), in nats. */
export async function referenceMargins(
  reference: Checkpoint,
  pairs: readonly PairSequence[],
  loss: Params<"dpo">["loss"],
  signal?: AbortSignal,
): Promise<Float64Array> {
  const forward = await createForward(reference.architecture, "lm");
  const margins = new Float64Array(pairs.length);
  try {
    for (const batch of lengthBatches(pairs.map(({ sequence }) => sequence))) {
      throwIfCancelled(signal);
      const chosen = batch.map((index) => pairs[index]!);
      const logprobs = await forward.logprobs(
        chosen.map(({ sequence }) => sequence),
        reference.parameters,
      );
      let start = 0;
      batch.forEach((index, k) => {
        const signs = targetSigns(chosen[k]!, loss);
        margins[index] = signs.reduce((sum, sign, t) => sum + sign * logprobs[start + t]!, 0);
        start += signs.length;
      });
    }
  } finally {
    await forward.dispose();
  }
  return margins;
}

/** Mean implicit reward margin, beta * h, and the share of pairs where it is positive. */
function describeMargins(margins: Float32Array, beta: number): { readonly margin: number; readonly accuracy: number } {
  const sum = margins.reduce((a, b) => a + b, 0);
  const positive = margins.reduce((count, margin) => count + (margin > 0 ? 1 : 0), 0);
  return { margin: (beta * sum) / margins.length, accuracy: positive / margins.length };
}

async function readPairs(
  context: StepContext<"dpo">,
  { tokenizer: json, architecture }: Checkpoint,
): Promise<readonly PairSequence[]> {
  const tokenizer = loadTokenizer(json);
  const rows = await readRows<PreferencePair>(inputPath(context, "pairs"), {
    id: "string",
    prompt: "string",
    chosen: "string",
    rejected: "string",
  });
  return rows.map(({ id, prompt, chosen, rejected }) => {
    const answer = (text: string): number[] => [...tokenizer.encode(text), tokenizer.eosId];
    const pair = pairSequence(tokenizer.encode(prompt), answer(chosen), answer(rejected));
    checkTargets(Math.min(pair.chosenTargets, pair.sequence.at.length - pair.chosenTargets), `pair ${id}`);
    checkLength(1 + Math.max(...pair.sequence.positions!), architecture.maxPositions, `pair ${id}`);
    return pair;
  });
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

import { setImmediate } from "node:timers/promises";
import { LabError, throwIfCancelled } from "../../core/index.js";
import type { Decoding } from "../../steps/index.js";
import type { Checkpoint } from "../checkpoint.js";
import { KeyValueCache } from "./cache.js";
import { SamplingEngine } from "./engine.js";
import { Beams, type Group, IndependentRows, type SampledAnswer } from "./groups.js";

/** A prompt as token ids; `id` seeds its samples. */
export interface Question {
  readonly id: string;
  readonly prompt: readonly number[];
}

export interface SamplingOptions {
  readonly decoding: Decoding;
  /** Largest number of tokens of an answer, EOS included; the model's positions may set an earlier end. */
  readonly maxAnswerTokens: number;
  readonly eosId: number;
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
  /** Called between runs with the number of answers finished so far. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Rows continued at a time: enough to fill the matrix kernels, few enough for the caches of a core. */
const ROWS = 64;
/** Tokens a run: longer runs waste more on rows that have finished, shorter ones more on starting. */
const SEGMENT = 6;
/** Samples of one question that share its keys; more of them share less well, because they wait for each other. */
const SHARED_SAMPLES = 6;

/**
 * Answers to questions, in their order, with the samples of each in theirs.
 *
 * Questions are taken in order of length, so that batches need little padding, and a new one starts where another has ended. What is
 * drawn depends on the seed, the question's id and the number of the sample only, not on the batch; logits may differ in
 * their last bits between batches, which matters where two tokens, or a uniform number and a boundary, are as close as that.
 *
 * @throws LabError `unsupported` for an empty prompt, one as long as the model's positions, or a model with a classifier head;
 * `cancelled` when the signal says so.
 *
 * @example
 * const [[answer]] = await sampleAnswers(checkpoint, [{ id: "q1", prompt: tokenizer.encode("2 + 3 =") }], {
 *   decoding: { kind: "greedy" }, maxAnswerTokens: 64, eosId: tokenizer.eosId, seed: 0,
 * });
 * tokenizer.decode(answer.tokens);
 */
export async function sampleAnswers(
  checkpoint: Checkpoint,
  questions: readonly Question[],
  options: SamplingOptions,
): Promise<readonly (readonly SampledAnswer[])[]> {
  checkRequest(checkpoint, questions, options.decoding);
  const waiting = planGroups(checkpoint, questions, options);
  const first = waiting[0];
  if (!first) return [];
  const { width } = first.options;
  const longest = Math.max(...waiting.map(({ options: { prompt, limit } }) => prompt.length + limit));
  const engine = await SamplingEngine.create(checkpoint, {
    decoding: options.decoding,
    width,
    eosId: options.eosId,
    positions: longest + SEGMENT,
    segment: SEGMENT,
  });
  try {
    return await continueAll(engine, checkpoint, waiting, questions.length, options);
  } finally {
    await engine.dispose();
  }
}

function checkRequest(checkpoint: Checkpoint, questions: readonly Question[], decoding: Decoding): void {
  const { maxPositions, vocabSize } = checkpoint.architecture;
  if (checkpoint.head !== "lm") {
    throw new LabError("unsupported", "answers were asked of a classifier", {
      hint: "sample from the model before its evaluator training",
    });
  }
  if (decoding.kind === "beam" && 2 * decoding.width > vocabSize) {
    throw new LabError(
      "unsupported",
      `beam width ${decoding.width} needs a vocabulary of ${2 * decoding.width}; it has ${vocabSize}`,
    );
  }
  for (const { id, prompt } of questions) {
    if (prompt.length === 0 || prompt.length >= maxPositions) {
      throw new LabError(
        "unsupported",
        `prompt "${id}" has ${prompt.length} tokens; expected 1 to ${maxPositions - 1}`,
        {
          hint: "the model must read at least one token and have a position left for an answer",
        },
      );
    }
  }
}

/** All groups of rows, shortest prompts first; groups of one question are neighbours. */
function planGroups(checkpoint: Checkpoint, questions: readonly Question[], options: SamplingOptions): Group[] {
  const { decoding, eosId, seed, maxAnswerTokens } = options;
  const { maxPositions, vocabSize } = checkpoint.architecture;
  const order = questions
    .map((_, index) => index)
    .sort((x, y) => questions[x]!.prompt.length - questions[y]!.prompt.length || x - y);
  return order.flatMap((question): Group[] => {
    const { id, prompt } = questions[question]!;
    const shared = { question, prompt, eosId, limit: Math.min(maxAnswerTokens, maxPositions - prompt.length) };
    if (decoding.kind === "beam") return [new Beams({ ...shared, width: decoding.width }, vocabSize)];
    if (decoding.kind === "greedy") return [new IndependentRows({ ...shared, width: 1 }, 0)];
    const width = largestDivisor(decoding.samples, SHARED_SAMPLES);
    return Array.from({ length: decoding.samples / width }, (_, k) => {
      return new IndependentRows({ ...shared, width }, k * width, { step: seed, id });
    });
  });
}

function largestDivisor(count: number, limit: number): number {
  for (let divisor = Math.min(count, limit); divisor > 1; divisor--) if (count % divisor === 0) return divisor;
  return 1;
}

async function continueAll(
  engine: SamplingEngine,
  checkpoint: Checkpoint,
  waiting: readonly Group[],
  questionCount: number,
  options: SamplingOptions,
): Promise<readonly (readonly SampledAnswer[])[]> {
  const { layers, heads, hiddenSize } = checkpoint.architecture;
  const { width } = waiting[0]!.options;
  const capacity = Math.min(waiting.length, Math.max(1, Math.floor(ROWS / width)));
  const cache = new KeyValueCache({ layers, heads, headSize: hiddenSize / heads, groups: capacity, width });
  const answers: SampledAnswer[][] = Array.from({ length: questionCount }, () => []);
  const active: Group[] = [];
  const total = questionCount * (options.decoding.kind === "temperature" ? options.decoding.samples : 1);
  let admitted = 0;
  let done = 0;
  while (admitted < waiting.length || active.length > 0) {
    // A few free slots are not worth a run of their own.
    if (active.length <= 0.75 * capacity && admitted < waiting.length) {
      const next = waiting.slice(admitted, admitted + capacity - active.length);
      await engine.read(next, cache);
      admitted += next.length;
      active.push(...next);
    }
    await engine.advance(active, cache);
    for (let slot = active.length - 1; slot >= 0; slot--) {
      const group = active[slot]!;
      if (!group.done) continue;
      answers[group.options.question]!.push(...group.answers());
      done += group.answers().length;
      cache.remove(slot);
      const last = active.pop()!;
      if (last !== group) active[slot] = last;
    }
    options.onProgress?.(done, total);
    // A run blocks the thread: let timers, messages and the signal in between.
    await setImmediate();
    throwIfCancelled(options.signal);
  }
  return answers.map((list) => list.sort((x, y) => x.sample - y.sample));
}

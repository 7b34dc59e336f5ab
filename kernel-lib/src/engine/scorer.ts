import { LabError, throwIfCancelled } from "../core/index.js";
import type { Sequence } from "./batch.js";
import type { Checkpoint } from "./checkpoint.js";
import { createForward, lengthBatches } from "./forward.js";
import { answered, checkLength, classified } from "./sequences.js";

/** An answer to be scored after its prompt, both as token ids. `answer` ends with EOS if EOS is to be counted. */
export interface ScoredAnswer {
  readonly prompt: readonly number[];
  readonly answer: readonly number[];
}

export interface ScoringOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called after each batch with the number of rows done so far. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Forward passes without gradients, for the `score` verb. */
export interface Scorer {
  /**
   * Log-probabilities of answers given their prompts (checkpoints with head `lm`).
   *
   * @returns per row, in the order of `rows`: the sum over the answer's tokens in nats, and the number of those tokens. Without a
   * prompt the first answer token has nothing to be predicted from and is not counted.
   * @throws LabError `unsupported` when prompt + answer is longer than the model's positions, or the head is a classifier.
   */
  answerLogprobs(
    rows: readonly ScoredAnswer[],
    options?: ScoringOptions,
  ): Promise<readonly { readonly logprob: number; readonly tokens: number }[]>;
  /**
   * Class probabilities of texts (checkpoints with head `classifier`), read at each text's last token.
   *
   * @throws LabError `unsupported` when a text is empty or too long, or the head is a language-model head.
   */
  classify(
    texts: readonly (readonly number[])[],
    options?: ScoringOptions,
  ): Promise<readonly (readonly [number, number])[]>;
  /** Frees the session. */
  dispose(): Promise<void>;
}

/**
 * A scorer of a model in memory; batches of about 4096 tokens, sorted by length, without padding in the linear layers.
 *
 * @example
 * const scorer = await createScorer(await readCheckpoint("inputs/model"));
 * const [row] = await scorer.answerLogprobs([{ prompt: tokenizer.encode(q), answer: [...tokenizer.encode(a), tokenizer.eosId] }]);
 * await scorer.dispose();
 */
export async function createScorer(checkpoint: Checkpoint): Promise<Scorer> {
  const { architecture, head, parameters } = checkpoint;
  const forward = await createForward(architecture, head);

  /** Log-probabilities of each sequence's targets. */
  const score = async (sequences: readonly Sequence[], options: ScoringOptions): Promise<readonly Float32Array[]> => {
    sequences.forEach(({ ids }, row) => {
      checkLength(ids.length, architecture.maxPositions, `row ${row + 1}`);
    });
    const results = sequences.map((): Float32Array => new Float32Array(0));
    let done = 0;
    for (const batch of lengthBatches(sequences)) {
      throwIfCancelled(options.signal);
      const chosen = batch.map((index) => sequences[index]!);
      const logprobs = await forward.logprobs(chosen, parameters);
      let start = 0;
      for (const index of batch) {
        const count = sequences[index]!.at.length;
        results[index] = logprobs.subarray(start, start + count);
        start += count;
      }
      done += batch.length;
      options.onProgress?.(done, sequences.length);
    }
    return results;
  };
  const requireHead = (wanted: typeof head): void => {
    if (head === wanted) return;
    throw new LabError("unsupported", `this model has head ${head}; expected ${wanted}`, {
      hint: "kind logprob scores language models, kind classifier scores evaluators",
    });
  };

  return {
    async answerLogprobs(rows, options = {}) {
      requireHead("lm");
      const scored = await score(
        rows.map(({ prompt, answer }) => answered(prompt, answer)),
        options,
      );
      return scored.map((logprobs) => ({ logprob: logprobs.reduce((a, b) => a + b, 0), tokens: logprobs.length }));
    },
    async classify(texts, options = {}) {
      requireHead("classifier");
      const empty = texts.findIndex((ids) => ids.length === 0);
      if (empty >= 0) throw emptyText(`row ${empty + 1}`);
      const scored = await score(
        texts.map((ids) => classified(ids, 1)),
        options,
      );
      return scored.map(([logprob]) => [-Math.expm1(logprob!), Math.exp(logprob!)] as const);
    },
    dispose: () => forward.dispose(),
  };
}

/** The error of a text without tokens. */
export function emptyText(row: string): LabError {
  return new LabError("unsupported", `${row} has no tokens; a classifier reads the last one`, {
    hint: "drop empty texts",
  });
}

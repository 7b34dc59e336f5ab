import { setImmediate } from "node:timers/promises";
import { LabError, type Random, seededRandom, throwIfCancelled } from "../../core/index.js";
import type { LanguageModel } from "./language-model.js";
import { type WrittenToken, writtenToken } from "./written-token.js";

/** How a token is chosen while one watches. With the seed, id and sample of a `sample` step, the same draws. */
export type LiveDecoding =
  | { readonly kind: "greedy" }
  | {
      readonly kind: "temperature";
      readonly temperature: number;
      readonly seed: number;
      readonly id: string;
      readonly sample: number;
    };

export interface WritingOptions {
  readonly decoding: LiveDecoding;
  /** Largest number of tokens, EOS included; the model's positions may set an earlier end. */
  readonly maxAnswerTokens: number;
  /** How many of the likeliest tokens to keep at each place. Default: 5. */
  readonly top?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes an answer token by token; the last one is EOS if the model came to an end.
 *
 * @throws LabError `unsupported` for an empty prompt or one as long as the model's positions; `cancelled`.
 * @example
 * for await (const { token } of writeTokens(model, prompt, { decoding: { kind: "greedy" }, maxAnswerTokens: 44 })) console.log(token);
 */
export async function* writeTokens(
  model: LanguageModel,
  prompt: readonly number[],
  { decoding, maxAnswerTokens, top = 5, signal }: WritingOptions,
): AsyncGenerator<WrittenToken> {
  const { tokenizer, checkpoint } = model;
  const { maxPositions } = checkpoint.architecture;
  if (prompt.length === 0 || prompt.length >= maxPositions) {
    throw new LabError("unsupported", `the prompt has ${prompt.length} tokens; expected 1 to ${maxPositions - 1}`, {
      hint: "the model must read at least one token and have a position left for an answer",
    });
  }
  const choose = decoding.kind === "greedy" ? likeliest : drawing(decoding);
  const reader = model.reader();
  const limit = Math.min(maxAnswerTokens, maxPositions - prompt.length);
  let reading: readonly number[] = prompt;
  for (let written = 0; written < limit; written++) {
    throwIfCancelled(signal);
    const logprobs = (await reader.read(reading)).at(-1)!;
    const id = choose(logprobs);
    yield writtenToken(tokenizer, logprobs, id, top);
    if (id === tokenizer.eosId) return;
    reading = [id];
    // onnxruntime computes on this thread: without a pause nothing else would run, and no display would change.
    await setImmediate();
  }
}

/** The first of the likeliest, as ONNX's ArgMax takes it. */
function likeliest(logprobs: Float64Array): number {
  let best = 0;
  for (let id = 1; id < logprobs.length; id++) if (logprobs[id]! > logprobs[best]!) best = id;
  return best;
}

/** Inverts the distribution function at numbers drawn as the sampler draws them. */
function drawing({ temperature, seed, id, sample }: Extract<LiveDecoding, { kind: "temperature" }>) {
  if (!(temperature > 0)) {
    throw new LabError("config-invalid", `temperature is ${temperature}; expected a positive number`, {
      hint: 'temperature 0 is { kind: "greedy" }',
    });
  }
  const random: Random = seededRandom("sample", seed, id, sample);
  return (logprobs: Float64Array): number => {
    const best = logprobs.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
    const weights = logprobs.map((value) => Math.exp((value - best) / temperature));
    const level = (random.below(2 ** 23) / 2 ** 23) * weights.reduce((sum, weight) => sum + weight, 0);
    let sum = 0;
    for (const [token, weight] of weights.entries()) {
      sum += weight;
      if (sum > level) return token;
    }
    return likeliest(logprobs);
  };
}

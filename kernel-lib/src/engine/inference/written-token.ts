import type { Tokenizer } from "../tokenizer.js";

/** A token that could come next. */
export interface Candidate {
  readonly id: number;
  /** As it stands in the vocabulary. */
  readonly token: string;
  /** In nats, at temperature 1. */
  readonly logprob: number;
}

/** A token of an answer, and what the model would have thought of in its place. */
export interface WrittenToken extends Candidate {
  /** The likeliest tokens at this place, best first. */
  readonly top: readonly Candidate[];
}

/** A token and its place in a distribution. @param logprobs [vocabulary]. @param count how many of the likeliest to keep. */
export function writtenToken(tokenizer: Tokenizer, logprobs: Float64Array, id: number, count: number): WrittenToken {
  const candidate = (token: number): Candidate => ({
    ...{ id: token, token: tokenizer.token(token), logprob: logprobs[token]! },
  });
  const order = Array.from(logprobs.keys()).sort((a, b) => logprobs[b]! - logprobs[a]! || a - b);
  return { ...candidate(id), top: order.slice(0, count).map(candidate) };
}

/**
 * What work takes at least. FLOP of a model's matrix products: 2 per token and weight of the linear layers that the token passes, plus
 * 4 * length^2 * hidden per sequence and layer for attention's products; backward takes twice as many. Work that need not be done is not
 * counted: in the last layer only positions with a target go on after attention, and only they have logits. Elementwise work, norms and the
 * optimizer count as zero.
 */
import type { Architecture } from "../../kernel-lib/src/steps/index.js";

/** Forward and backward over sequences of `tokens`, of which `kept` have a target. */
export function trainingFlop(architecture: Architecture, rows: readonly Counted[]): number {
  return 3 * forwardFlop(architecture, rows);
}

export interface Counted {
  readonly tokens: number;
  readonly kept: number;
}

export function forwardFlop(
  { hiddenSize: d, intermediateSize: f, layers, vocabSize }: Architecture,
  rows: readonly Counted[],
): number {
  let flop = 0;
  for (const { tokens, kept } of rows) {
    const whole = (layers - 1) * (2 * tokens * (4 * d * d + 3 * d * f) + 4 * tokens ** 2 * d);
    const last = 2 * (tokens * 2 * d * d + kept * (2 * d * d + 3 * d * f)) + 4 * tokens * kept * d;
    flop += whole + last + 2 * kept * d * vocabSize;
  }
  return flop;
}

/** Answers of given lengths to one prompt, which is read once; keys and values are kept. */
export function decodingFlop(architecture: Architecture, prompt: number, answers: readonly number[]): number {
  const { hiddenSize: d, intermediateSize: f, layers, vocabSize } = architecture;
  const token = 2 * (layers * (4 * d * d + 3 * d * f) + d * vocabSize);
  let flop = forwardFlop(architecture, [{ tokens: prompt, kept: 1 }]);
  for (const length of answers) {
    // The first token's logits come from the prompt; the last token is not read.
    const read = length - 1;
    flop += read * token + 4 * layers * d * (read * prompt + (read * (read + 1)) / 2);
  }
  return flop;
}

/** Bytes that an optimizer step must move: parameters and two moments read and written, the gradient read. */
export const stepBytes = (parameters: number): number => 7 * 4 * parameters;

/** Bytes of keys and values that answers to one prompt must read, the prompt's once a token for all answers together. */
export function decodingBytes(
  { hiddenSize, layers }: Architecture,
  prompt: number,
  answers: readonly number[],
): number {
  const position = 2 * 4 * layers * hiddenSize;
  const own = answers.reduce((sum, length) => sum + (length * (length - 1)) / 2, 0);
  return position * (own + prompt * (Math.max(...answers) - 1));
}

import type { Json } from "../core/index.js";

/** What a question, an answer and a score are. Methods and experiments know tasks only through this interface. */

export interface Question {
  readonly id: string;
  readonly question: string;
  /** Ground-truth answer text (chain of thought and final answer). */
  readonly reference: string;
  /** Kind of question, for difficulty reports (micro tasks: the template's name). */
  readonly template?: string;
}

/** Splits of a task. `train` is halved by experiments: weak supervisor's half and the half to be labelled. */
export interface Splits {
  readonly train: readonly Question[];
  /** For every choice (learning rates, early stopping, thresholds). */
  readonly validation: readonly Question[];
  /** Reported numbers only; nothing is ever chosen on it. */
  readonly test: readonly Question[];
}

/** What the kit's own base models are pretrained on (tasks whose base models come from the Hub have none). */
export interface Pretraining {
  /** Documents of about `tokens` tokens in all; the same seed gives the same documents. */
  corpus(options: { readonly seed: number; readonly tokens: number }): Iterable<{ readonly text: string }>;
  /** The content of `tokenizer.json`. */
  tokenizer(): Json;
  readonly vocabSize: number;
}

export interface Task {
  readonly name: string;
  readonly pretraining?: Pretraining;
  /** Number of questions in each split. */
  readonly sizes: { readonly train: number; readonly validation: number; readonly test: number };
  /** Longest answer, in tokens, EOS included. */
  readonly maxAnswerTokens: number;
  /** Mean lengths in tokens, for the cost estimates of plans. */
  readonly typicalTokens: { readonly prompt: number; readonly answer: number };
  /** Data of one seed; the same seed gives the same questions everywhere. */
  splits(seed: number): Splits;
  /** The prompt that a model sees (paper: `USER:\n{question}\n\nASSISTANT:\n`). */
  prompt(question: string): string;
  /** The evaluator's text for one order of a pair: question, answer A, answer B, "accept to change A to B?". */
  comparisonPrompt(question: string, answerA: string, answerB: string): string;
  /** Score of an answer against the reference, 0 to 1 (exact match: 0 or 1). Unparsable answers score 0. */
  score(answer: string, reference: string): number;
  /** Whether an answer is well-formed; labels that are not are dropped before training (GSM8K: no `####`). */
  isWellFormed(answer: string): boolean;
  /** Whether two answers agree, so that no comparison is needed (GSM8K: same final answer). */
  agrees(proposal: string, label: string): boolean;
}

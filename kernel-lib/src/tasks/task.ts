import type { Json } from "../core/index.js";

/** What a question, an answer and a score are. Methods and experiments know tasks only through this interface. */

export interface Question {
  readonly id: string;
  readonly question: string;
  /** Ground-truth answer text (chain of thought and final answer). */
  readonly reference: string;
  /** Kind of question, for reports by kind: a template's name (micro tasks), a difficulty (BIRD), general or safety (SaferPaca). */
  readonly category?: string;
  /** Name of the database that the question is about (BIRD). */
  readonly database?: string;
}

/** An answer to a question. */
export interface Answered {
  readonly question: Question;
  readonly answer: string;
}

/** A label and what a model proposes in its place. */
export interface Proposed {
  readonly question: Question;
  readonly label: string;
  readonly proposal: string;
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

export interface Task extends Partial<AsyncDisposable> {
  readonly name: string;
  /** What questions, scores and agreements depend on besides the task's name and code: the data's revision, the judge. Part of keys. */
  readonly identity?: Json;
  readonly pretraining?: Pretraining;
  /** Every category that a question may be of, where methods tell them apart (SaferPaca: general, safety). */
  readonly categories?: readonly string[];
  /** Number of questions in each split. */
  readonly sizes: { readonly train: number; readonly validation: number; readonly test: number };
  /** Longest answer, in tokens, EOS included. */
  readonly maxAnswerTokens: number;
  /** Mean lengths in tokens, for the cost estimates of plans. */
  readonly typicalTokens: { readonly prompt: number; readonly answer: number };
  /**
   * Data of one seed; the same seed gives the same questions everywhere.
   * @throws LabError `input-missing` where the data must be fetched first.
   */
  splits(seed: number): Splits | Promise<Splits>;
  /** The prompt that a model sees (paper: `USER:\n{question}\n\nASSISTANT:\n`). */
  prompt(question: string): string;
  /** The evaluator's text for one order of a pair: question, answer A, answer B, "accept to change A to B?". */
  comparisonPrompt(question: string, answerA: string, answerB: string): string;
  /** Whether an answer is well-formed; labels that are not are dropped before training (GSM8K: no `####`). */
  isWellFormed(answer: string): boolean;
  /**
   * Scores of answers against their questions' references, 0 to 1 (exact match: 0 or 1), in the order of `answers`. Unparsable answers
   * score 0. All at once, because a task may have to ask a database or a judge.
   */
  grade(answers: readonly Answered[]): readonly number[] | Promise<readonly number[]>;
  /** For each pair whether the answers agree, so that no comparison is needed (GSM8K: same final answer). */
  agree(pairs: readonly Proposed[]): readonly boolean[] | Promise<readonly boolean[]>;
  /**
   * What grading takes. `computed`: nothing but this process. `executed`: running programs; plans do not do it. `judged`: calls that
   * cost money, so that only what a method or a test needs is graded, and reports leave out which labels are right. Default: computed.
   */
  readonly grading?: "computed" | "executed" | "judged";
}

/** A task whose scores and agreements are a matter of two texts. */
export interface TextTask extends Task {
  /** Score of an answer against the reference, 0 to 1. */
  score(answer: string, reference: string): number;
  agrees(proposal: string, label: string): boolean;
}

/**
 * A task from how one answer is scored and when two agree.
 *
 * @example
 * const capitals = defineTask({
 *   name: "capitals", sizes: { train: 4, validation: 0, test: 2 }, maxAnswerTokens: 4, typicalTokens: { prompt: 8, answer: 2 },
 *   splits: () => ({ train, validation: [], test }),
 *   prompt: (question) => `USER:\n${question}\n\nASSISTANT:\n`,
 *   comparisonPrompt: (question, a, b) => `${question} (A) ${a} (B) ${b} Do you change A to B?`,
 *   isWellFormed: (answer) => answer !== "",
 *   score: (answer, reference) => Number(answer === reference),
 *   agrees: (proposal, label) => proposal === label,
 * });
 */
export function defineTask<T extends Omit<TextTask, "grade" | "agree">>(
  definition: T,
): T & Pick<TextTask, "grade" | "agree"> {
  const { score, agrees } = definition;
  return {
    ...definition,
    grade: (answers) => answers.map(({ question, answer }) => score(answer, question.reference)),
    agree: (pairs) => pairs.map(({ proposal, label }) => agrees(proposal, label)),
  };
}

/** What a computation with a task depends on: its name and its identity. Part of keys. */
export function taskKey({ name, identity }: Task): Json {
  return identity === undefined ? name : { name, identity };
}

/** Whether an answer of this score counts as right: exact match, or, by a judge, no worse than the reference. */
export function isRight(score: number): boolean {
  return score >= 0.5;
}

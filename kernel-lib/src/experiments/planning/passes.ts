import type { Params, Verb } from "../../steps/index.js";
import type { Task } from "../../tasks/index.js";

/** Mean lengths of prompts and answers, in tokens. */
export type TypicalTokens = Task["typicalTokens"];

/** Rows of each data input of a step, by its name. */
export type InputRows = Readonly<Record<string, number>>;

/** Equal sequences that go through a model: positions `from` to `to` of each, as training, as reading, or one token at a time. */
export interface Pass {
  readonly kind: "trained" | "read" | "generated";
  readonly sequences: number;
  /** First position that is computed; what lies before it is in the key-value cache. */
  readonly from: number;
  readonly to: number;
}

/** Tokens that a step puts through its model. */
export interface TokenCounts {
  /** Read without learning: prompts, texts to be scored, DPO's reference. */
  readonly read: number;
  /** Made one at a time; all samples or beams of a prompt, not only the answer that is kept. */
  readonly generated: number;
  /** Forwards and backwards, every epoch counted. */
  readonly trained: number;
}

/**
 * What goes through the model of a step, by the mean lengths of the task. Early stopping is not foreseen: an evaluator's epochs are the
 * most that it can train for.
 *
 * | verb | trained | read | generated |
 * |---|---|---|---|
 * | pretrain | `tokens` | | |
 * | sft | epochs x demonstrations x (prompt + answer) | | |
 * | dpo | epochs x 2 x pairs x (prompt + answer) | once 2 x pairs x (prompt + answer), by the reference | |
 * | evaluator | epochs x training texts x (prompt + 2 answers) | epochs x validation texts x (prompt + 2 answers) | |
 * | sample | | prompts x prompt | prompts x samples or beams x answer |
 * | score | | rows x (prompt + answer); of a classifier prompt + 2 answers | |
 *
 * @example
 * passesOf("score", { kind: "logprob" }, { rows: 5 }, { prompt: 20, answer: 10 });
 * // [{ kind: "read", sequences: 5, from: 0, to: 30 }]
 */
export function passesOf<V extends Verb>(
  verb: V,
  params: Params<V>,
  rows: InputRows,
  { prompt, answer }: TypicalTokens,
): readonly Pass[] {
  const one = prompt + answer;
  const compared = prompt + 2 * answer;
  const pass = (kind: Pass["kind"], sequences: number, to: number, from = 0): Pass => ({ kind, sequences, from, to });
  const count = (name: string): number => rows[name] ?? 0;
  switch (verb) {
    case "pretrain": {
      const { tokens, sequenceLength } = params as Params<"pretrain">;
      return [pass("trained", tokens / sequenceLength, sequenceLength)];
    }
    case "sft":
      return [pass("trained", (params as Params<"sft">).epochs * count("demonstrations"), one)];
    case "dpo": {
      const answers = 2 * count("pairs");
      return [pass("trained", (params as Params<"dpo">).epochs * answers, one), pass("read", answers, one)];
    }
    case "evaluator": {
      const { epochs } = params as Params<"evaluator">;
      return [pass("trained", epochs * count("train"), compared), pass("read", epochs * count("validation"), compared)];
    }
    case "sample": {
      const answers = count("prompts") * answersPerPrompt(params as Params<"sample">);
      return [pass("read", count("prompts"), prompt), pass("generated", answers, one, prompt)];
    }
    default:
      return [pass("read", count("rows"), (params as Params<"score">).kind === "classifier" ? compared : one)];
  }
}

/** Answers that are computed for each prompt: samples, or beams. */
function answersPerPrompt({ decoding }: Params<"sample">): number {
  if (decoding.kind === "temperature") return decoding.samples;
  return decoding.kind === "beam" ? decoding.width : 1;
}

/** Tokens of some passes, by what is done with them. */
export function tokensOf(passes: readonly Pass[]): TokenCounts {
  const sum = (kind: Pass["kind"]): number =>
    passes.reduce((total, pass) => total + (pass.kind === kind ? pass.sequences * (pass.to - pass.from) : 0), 0);
  return { read: sum("read"), generated: sum("generated"), trained: sum("trained") };
}

/** From a chat completion to a verdict: the arithmetic of log-probabilities, and what cannot be read as one. */
import { z } from "zod";
import { LabError } from "../core/index.js";
import type { Usage } from "./budget.js";
import { Nonsense } from "./faults.js";

/** Why there is no verdict. */
export type Absence = "no-letter" | "cut-off" | "refused" | "filtered";

/** One answer of a judge. */
export interface Reading {
  /** P(A) / (P(A) + P(B)); null where the answer holds no verdict. */
  readonly preferA: number | null;
  readonly absence: Absence | null;
  /** What the judge wrote. */
  readonly text: string;
  /** Summed log-probabilities of the letters' spellings, in nats; null where a letter is not among the alternatives. */
  readonly logprobs: { readonly a: number | null; readonly b: number | null };
  /** The model as the server names it, and its configuration's fingerprint if it tells. */
  readonly servedModel: string | null;
  readonly fingerprint: string | null;
}

// Some servers write the logarithm of zero as null.
const alternative = z.object({ token: z.string(), logprob: z.number().nullable() });
const tokenSchema = alternative.extend({ top_logprobs: z.array(alternative).nullish() });
const choiceSchema = z.object({
  finish_reason: z.string().nullish(),
  message: z.object({ content: z.string().nullish(), refusal: z.string().nullish() }),
  logprobs: z.object({ content: z.array(tokenSchema).nullish() }).nullish(),
});
const completionSchema = z.object({
  model: z.string().nullish(),
  system_fingerprint: z.string().nullish(),
  choices: z.array(choiceSchema),
  usage: z.object({ prompt_tokens: z.number(), completion_tokens: z.number() }).nullish(),
});

type Alternative = z.output<typeof alternative>;
type Token = z.output<typeof tokenSchema>;
type Choice = z.output<typeof choiceSchema>;

/**
 * Reads a chat completion that was asked for with log-probabilities.
 *
 * @param explains whether an explanation comes first, so that an answer that ran out of tokens holds no verdict.
 * @throws Nonsense if it is no completion; LabError `unsupported` if it has no log-probabilities.
 */
export function readCompletion(body: unknown, explains: boolean): { value: Reading; usage: Usage | undefined } {
  const parsed = completionSchema.safeParse(body);
  if (!parsed.success) throw new Nonsense(`the answer is not a chat completion: ${describe(body)}`);
  const { choices, model, system_fingerprint: fingerprint, usage } = parsed.data;
  const [choice] = choices;
  if (choice === undefined || choices.length !== 1) {
    throw new Nonsense(`the answer has ${choices.length} choices; expected 1`);
  }
  return {
    value: {
      ...readChoice(choice, explains),
      text: choice.message.content ?? choice.message.refusal ?? "",
      servedModel: model ?? null,
      fingerprint: fingerprint ?? null,
    },
    usage: usage ? { inputTokens: usage.prompt_tokens, outputTokens: usage.completion_tokens } : undefined,
  };
}

type Judgement = Pick<Reading, "preferA" | "absence" | "logprobs">;

function absent(absence: Absence): Judgement {
  return { preferA: null, absence, logprobs: { a: null, b: null } };
}

function readChoice({ finish_reason: end, message, logprobs }: Choice, explains: boolean): Judgement {
  if (typeof message.refusal === "string" && message.refusal !== "") return absent("refused");
  if (end === "content_filter") return absent("filtered");
  if (explains && end === "length") return absent("cut-off");
  const tokens = logprobs?.content ?? [];
  if (tokens.length === 0 && (message.content ?? "") === "") return absent("no-letter");
  if (tokens.length === 0) throw noLogprobs();
  const verdict = verdictToken(tokens);
  if (verdict === undefined) return absent("no-letter");
  if ((verdict.top_logprobs ?? []).length === 0) throw noLogprobs();
  return judgementOf(alternativesOf(verdict));
}

function noLogprobs(): LabError {
  return new LabError(
    "unsupported",
    "the judge's answers come without log-probabilities; verdicts are made from them",
    {
      hint: "this server or model does not give logprobs with top_logprobs: choose another one (vLLM and OpenAI's chat models do)",
    },
  );
}

/**
 * The last token, if it is a letter: what follows may be white space, punctuation or an end mark, but nothing that says something.
 * An "A" in the middle of a sentence is an article, not a verdict.
 */
function verdictToken(tokens: readonly Token[]): Token | undefined {
  const last = tokens.findLast(({ token }) => !/^<.*>$/s.test(token.trim()) && /[\p{L}\p{N}]/u.test(bare(token)));
  return last && letterOf(last.token) !== undefined ? last : undefined;
}

function alternativesOf({ token, logprob, top_logprobs: top }: Token): readonly Alternative[] {
  const alternatives = top ?? [];
  return alternatives.some((other) => other.token === token) ? alternatives : [...alternatives, { token, logprob }];
}

/** The letter that a token spells, bare or in white space, quotes, brackets or emphasis: "A", " a", "(B", "**B**". */
export function letterOf(token: string): "A" | "B" | undefined {
  const letter = bare(token).toUpperCase();
  return letter === "A" || letter === "B" ? letter : undefined;
}

/** Without white space, also as tokenizers show it (Ġ, Ċ, ▁), and without punctuation. */
function bare(token: string): string {
  return token.replace(/[\s\p{P}`ĠĊ▁]/gu, "");
}

/**
 * P(A) / (P(A) + P(B)), each the sum over its spellings. A letter that is not among the alternatives is rarer than all of them and
 * counts as zero (the paper's code counts it as certain, which makes such verdicts about 0.5).
 */
export function judgementOf(alternatives: readonly Alternative[]): Judgement {
  const sum = (letter: "A" | "B"): number =>
    logSumExp(
      alternatives.filter(({ token }) => letterOf(token) === letter).map(({ logprob }) => logprob ?? -Infinity),
    );
  const [a, b] = [sum("A"), sum("B")];
  if (a === -Infinity && b === -Infinity) return absent("no-letter");
  const logprobs = { a: Number.isFinite(a) ? a : null, b: Number.isFinite(b) ? b : null };
  return { preferA: 1 / (1 + Math.exp(b - a)), absence: null, logprobs };
}

function logSumExp(values: readonly number[]): number {
  const top = Math.max(-Infinity, ...values);
  return top === -Infinity ? top : top + Math.log(values.reduce((sum, value) => sum + Math.exp(value - top), 0));
}

function describe(body: unknown): string {
  const text = typeof body === "string" ? body : (JSON.stringify(body) ?? String(body));
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}

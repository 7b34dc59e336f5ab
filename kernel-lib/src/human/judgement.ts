/** What a person said of a pair of answers, as it lies in a session file: one line of JSON. */
import { z } from "zod";
import { type Digest, digestOf, sha256 } from "../core/index.js";

/** `accept`: b is better, `reject`: a is; `unsure` was said, `timeout` is what the clock said. */
export const VERDICTS = ["accept", "reject", "unsure", "timeout"] as const;
export type Verdict = (typeof VERDICTS)[number];

const digest = z.string().regex(/^[0-9a-f]{64}$/, "expected the 64 hex digits of a sha256");
const side = z.enum(["a", "b"]);

export const judgementSchema = z.strictObject({
  /** What was compared, whichever way round: `pairDigest`. */
  pair: digest,
  questionId: z.string(),
  /** Digests of both answers. For ILR `a` is the label and `b` the proposal. */
  a: digest,
  b: digest,
  /** Which of them stood left (or first). */
  left: side,
  verdict: z.enum(VERDICTS),
  responseMs: z.number().int().min(0),
  /** Time that there was. */
  clockMs: z.number().int().positive(),
  /** A pair whose truth is known: which answer is better, and the evaluator's belief that b is. */
  gold: z.strictObject({ better: side, evaluator: z.number().min(0).max(1).nullable() }).nullable(),
  /** Which arm asked in which round, for people to read. */
  sitting: z.string(),
  person: z.string().min(1),
  at: z.iso.datetime(),
});
export type Judgement = Readonly<z.output<typeof judgementSchema>>;

/** A question and two answers. */
export interface Compared {
  readonly question: string;
  readonly a: string;
  readonly b: string;
}

/**
 * What a judgement is found by: the question's text and both answers, whichever stands first. Ids are not part of it, so that nobody is
 * asked the same twice.
 */
export function pairDigest({ question, a, b }: Compared): Digest {
  return digestOf([question, ...[a, b].sort()]);
}

/**
 * What a judgement says of a pair: 1 where b is the better answer, 0 where a is, 0.5 for unsure and for time that ran out. The pair may
 * stand the other way round than it was judged.
 */
export function scoreOf({ verdict, b: judged }: Pick<Judgement, "verdict" | "b">, { b }: Pick<Compared, "b">): number {
  if (verdict !== "accept" && verdict !== "reject") return 0.5;
  return Number((verdict === "accept") === (judged === sha256(b)));
}

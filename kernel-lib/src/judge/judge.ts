/** A language model as judge: which of two outputs is the better response to an instruction. */
import type { z } from "zod";
import type { Json } from "../core/index.js";
import { type Memo, openMemo, type Store } from "../store/index.js";
import type { Spent } from "./budget.js";
import { Declined } from "./faults.js";
import { inOrder } from "./in-order.js";
import { explainedComparison, type JudgePrompt, type Message } from "./prompt.js";
import { openServer, type Server } from "./server.js";
import { judgeSettings, parseSettings } from "./settings.js";
import type { Timing } from "./timing.js";
import { type Reading, readCompletion } from "./verdict.js";

/** Two outputs for one instruction. */
export interface Comparison {
  readonly instruction: string;
  readonly a: string;
  readonly b: string;
}

/** `as-given` asks once, with `a` as output A (F8, as released); `both` asks in both orders and takes the mean (as described). */
export type JudgeOrder = "as-given" | "both";

/** In questions to the judge: two a comparison where both orders are asked. */
export interface JudgeProgress {
  readonly done: number;
  readonly total: number;
}

export interface JudgeOptions {
  readonly order?: JudgeOrder;
  readonly signal?: AbortSignal;
  readonly progress?: (progress: JudgeProgress) => void;
}

/** What judging takes; a test or a notebook may bring its own. */
export interface Judge {
  /** What verdicts depend on: the model and the prompt's version. Part of keys. */
  readonly identity: Json;
  /**
   * The probability that `a` is better, for each comparison, in their order; undefined where the judge gave no verdict.
   * @throws LabError `unreachable`, `unsupported`, `budget-exhausted`, `cancelled`; verdicts that are there by then are kept.
   */
  winProbability(comparisons: readonly Comparison[], options?: JudgeOptions): Promise<readonly (number | undefined)[]>;
}

/** What a judge has done since it was opened. */
export interface JudgeReport extends Spent {
  /** Verdicts given, and how many of them were known already. */
  readonly verdicts: number;
  readonly known: number;
  /** Verdicts that are absent: the judge refused, or did not say A or B, twice. */
  readonly absent: number;
  /** Who gave them: models as the server names them, with their fingerprints. */
  readonly servedBy: readonly string[];
}

export interface OpenJudge extends Judge {
  report(): JudgeReport;
}

export type JudgeSettings = z.input<typeof judgeSettings>;

export interface JudgeDependencies {
  /** Where verdicts are kept. */
  readonly store: Pick<Store, "root" | "writable" | "clock" | "warn">;
  readonly prompt?: JudgePrompt;
  readonly timing?: Timing;
  /** For calls that bring none of their own: those of tasks and comparison sources. */
  readonly signal?: AbortSignal;
  readonly progress?: (progress: JudgeProgress) => void;
}

/**
 * A judge behind an OpenAI-compatible server. Every verdict is kept in the store under model, prompt and messages (not the address:
 * a server may move), and asked for once. At temperature 0, with seed 0, as the paper's code does.
 *
 * @throws LabError `config-invalid`.
 * @example
 * const judge = openJudge({ model: "gpt-4o", budget: { calls: 2000 } }, { store: await openStore(".ilr/store") });
 * const [p] = await judge.winProbability([{ instruction: "Name a prime.", a: "7", b: "8" }], { order: "both" });
 */
export function openJudge(
  input: JudgeSettings,
  { store, prompt = explainedComparison, timing, ...defaults }: JudgeDependencies,
): OpenJudge {
  const settings = parseSettings(judgeSettings, input);
  const server = openServer(settings, timing);
  const memo = openMemo(store, "judge");
  const tally: Tally = { verdicts: 0, known: 0, absent: 0, servedBy: new Set() };
  const context: Context = { settings, prompt, server, memo, tally };
  const { model, topLogprobs, maxConcurrent } = settings;
  return {
    identity: { model, prompt: prompt.version, topLogprobs },
    winProbability: async (comparisons, options = {}) => {
      const { order = "as-given", signal, progress } = { ...defaults, ...options };
      const found = await inOrder(
        questionsOf(comparisons, order),
        maxConcurrent,
        (one) => verdictOn(context, one, signal),
        { signal, ...(progress && { progress: (done: number, total: number) => progress({ done, total }) }) },
      );
      return combine(comparisons, order, found);
    },
    report: () => ({ ...server.spent(), ...tally, servedBy: [...tally.servedBy].sort() }),
  };
}

interface Tally {
  verdicts: number;
  known: number;
  absent: number;
  readonly servedBy: Set<string>;
}

interface Context {
  readonly settings: { readonly model: string; readonly topLogprobs: number };
  readonly prompt: JudgePrompt;
  readonly server: Server;
  readonly memo: Memo;
  readonly tally: Tally;
}

/** The probability that `a` is better, asked in this order; undefined where the judge gives no verdict. */
async function verdictOn(
  context: Context,
  { instruction, a, b }: Comparison,
  signal: AbortSignal | undefined,
): Promise<number | undefined> {
  const { settings, prompt, memo, tally } = context;
  const { model, topLogprobs } = settings;
  const messages = prompt.messages(instruction, a, b).map(({ role, content }) => ({ role, content }));
  const question = { kind: "verdict", model, prompt: prompt.version, topLogprobs, messages };
  const { answer, known } = await memo.recall(question, () => readingOf(context, messages, signal), signal);
  const reading = answer as unknown as Reading;
  tally.verdicts++;
  if (known) tally.known++;
  if (reading.preferA === null) tally.absent++;
  if (reading.servedModel !== null) tally.servedBy.add(whoServed(reading));
  return reading.preferA ?? undefined;
}

function whoServed({ servedModel, fingerprint }: Reading): string {
  return fingerprint === null ? `${servedModel}` : `${servedModel} (${fingerprint})`;
}

/** What is asked for some comparisons. In both orders, an output against itself is 0.5 whatever the judge says: not asked. */
function questionsOf(comparisons: readonly Comparison[], order: JudgeOrder): readonly Comparison[] {
  if (order === "as-given") return comparisons;
  return comparisons.flatMap(({ instruction, a, b }) =>
    a === b
      ? []
      : [
          { instruction, a, b },
          { instruction, a: b, b: a },
        ],
  );
}

/** The mean of P(a) in one order and 1 - P(b) in the other; absent if either is, because one order alone has the position's bias. */
function combine(
  comparisons: readonly Comparison[],
  order: JudgeOrder,
  found: readonly (number | undefined)[],
): readonly (number | undefined)[] {
  if (order === "as-given") return found;
  let next = 0;
  return comparisons.map(({ a, b }) => {
    if (a === b) return 0.5;
    const [there, back] = [found[next++], found[next++]];
    return there === undefined || back === undefined ? undefined : (there + (1 - back)) / 2;
  });
}

/** Asks; and once more, with another seed, if the answer holds no verdict. */
async function readingOf(
  context: Context,
  messages: readonly Message[],
  signal: AbortSignal | undefined,
): Promise<Json> {
  const first = await readOnce(context, messages, 0, signal);
  return (first.preferA === null ? await readOnce(context, messages, 1, signal) : first) as unknown as Json;
}

async function readOnce(
  { settings, prompt, server }: Context,
  messages: readonly Message[],
  seed: number,
  signal: AbortSignal | undefined,
): Promise<Reading> {
  try {
    return await server.ask(
      {
        send: (client, abort) =>
          client.chat.completions.create(
            {
              model: settings.model,
              messages: [...messages],
              max_tokens: prompt.maxTokens,
              temperature: 0,
              logprobs: true,
              top_logprobs: settings.topLogprobs,
              seed,
            },
            { signal: abort },
          ),
        read: (body) => readCompletion(body, prompt.explains),
      },
      signal,
    );
  } catch (error) {
    if (!(error instanceof Declined)) throw error;
    const nothing = { preferA: null, logprobs: { a: null, b: null }, servedModel: null, fingerprint: null } as const;
    return { ...nothing, absence: "filtered", text: error.message };
  }
}

import { LabError, limitOf, type Random, seededRandom } from "../../core/index.js";
import type { Artifact } from "../../steps/index.js";
import type { Question } from "../../tasks/index.js";
import type { AnswerPair, ComparisonSource, ScoredPair } from "../comparisons/index.js";
import { codeOf, frozen, type OwnCode, type OwnParameters } from "./code.js";
import { returned, shown, threw } from "./faults.js";

/** Two answers to a question, as a comparison source of your own sees them. */
export interface Comparison {
  readonly questionId: string;
  readonly question: string;
  /** For ILR the current label, for DPO one of two samples. */
  readonly a: string;
  /** For ILR the proposal, for DPO the other sample. */
  readonly b: string;
  /** Chance that comes out the same for the same pair and seed. */
  readonly random: Random;
}

export interface ComparisonSourceOptions<P extends OwnParameters> {
  /**
   * What the function depends on besides the pair: JSON, functions, or a stand-in that identifies anything else. It is part of the key of every
   * result; the function gets it as its second argument.
   */
  readonly parameters?: P;
  /** Calls of an asynchronous function that may wait at once. Default: 8. */
  readonly concurrency?: number;
}

export interface BatchOptions<P extends OwnParameters> extends ComparisonSourceOptions<P> {
  /** The function gets so many pairs at a time, and returns a list. */
  readonly batchSize: number;
}

/** A comparison source of your own. */
export interface OwnComparisons extends ComparisonSource {
  readonly kind: "comparison-source";
  readonly code: OwnCode;
}

type Compare<P> = (pair: Comparison, parameters: Readonly<P>) => number | Promise<number>;
type CompareBatch<P> = (
  pairs: readonly Comparison[],
  parameters: Readonly<P>,
) => readonly number[] | Promise<readonly number[]>;

/**
 * A comparison source of your own: a function from two answers to the belief that `b` is the better one.
 *
 * Its results are stored by the function's text and its parameters: an edited function is asked again, the same one is not. What it uses from
 * outside must therefore be among its parameters.
 *
 * @param name for figures and messages.
 * @param compare returns a number from 0 (`a` is better) to 1 (`b` is), 0.5 for no preference; or, with a `batchSize`, one for each pair.
 * @throws LabError `config-invalid` for a function whose text does not tell all that it depends on. Running it: `method-failed` naming the
 * question when it throws, or returns anything else.
 * @example
 * const shorter = comparisonSource("prefers shorter", ({ a, b }) => (b.length < a.length ? 0.9 : 0.1));
 * const run = await lab.run("micro-math/quick", { methods: [ilr.with({ comparisons: shorter })] });
 */
export function comparisonSource<P extends OwnParameters = Readonly<Record<never, never>>>(
  name: string,
  compare: Compare<P>,
  options?: ComparisonSourceOptions<P> & { readonly batchSize?: undefined },
): OwnComparisons;
export function comparisonSource<P extends OwnParameters = Readonly<Record<never, never>>>(
  name: string,
  compare: CompareBatch<P>,
  options: BatchOptions<P>,
): OwnComparisons;
export function comparisonSource<P extends OwnParameters>(
  name: string,
  compare: Compare<P> | CompareBatch<P>,
  options: ComparisonSourceOptions<P> & { readonly batchSize?: number | undefined } = {},
): OwnComparisons {
  const { concurrency = 8, batchSize } = options;
  const what = `comparison source ${JSON.stringify(name)}`;
  assertCount(what, "concurrency", concurrency);
  if (batchSize !== undefined) assertCount(what, "batchSize", batchSize);
  const given = options.parameters ?? ({} as P);
  // What a function makes of a pair may depend on the pairs beside it.
  const code = codeOf(what, compare, given, batchSize === undefined ? {} : { batchSize: String(batchSize) });
  const parameters = frozen(given);
  const compareAll: CompareBatch<P> =
    batchSize === undefined
      ? async ([pair], given) => [await (compare as Compare<P>)(pair!, given)]
      : (compare as CompareBatch<P>);
  return sourceOf(name, code, (pairs) =>
    inBatches(pairs, batchSize ?? 1, concurrency, (batch) => scoresOf(what, compareAll, batch, parameters)),
  );
}

/** A source for a plan, which asks nobody: what would be computed has the key that the real one gives it. */
export function plannedSource(name: string, digest: string): OwnComparisons {
  return sourceOf(name, { source: "", parameters: {}, digest }, () => {
    throw new LabError("internal", `a plan asked comparison source ${JSON.stringify(name)}`);
  });
}

type CompareAll = (pairs: readonly Comparison[]) => Promise<readonly number[]>;

function sourceOf(name: string, code: OwnCode, compareAll: CompareAll): OwnComparisons {
  return {
    ...{ kind: "comparison-source", name, code },
    async score({ runner, unlabelled, seed }, pairs, { label }): Promise<Artifact<ScoredPair>> {
      const { scored } = await runner.derive<{ pairs: AnswerPair; questions: Question }, { scored: ScoredPair }>(
        "comparisons/own",
        { code: code.digest, seed },
        { pairs, questions: unlabelled.questions },
        { label, expectRows: { scored: pairs.rows ?? 0 }, costly: true },
        async (tables) => {
          const questions = new Map(tables.questions.map(({ id, question }) => [id, question]));
          const seen = tables.pairs.map((pair) => comparisonOf(pair, questions.get(pair.questionId)!, seed));
          const scores = await compareAll(seen);
          return { scored: tables.pairs.map((pair, i) => ({ ...pair, score: scores[i]! })) };
        },
      );
      return scored;
    },
  };
}

function assertCount(what: string, field: string, value: number): void {
  if (value === Number.POSITIVE_INFINITY || (Number.isInteger(value) && value > 0)) return;
  throw new LabError("config-invalid", `${field} of ${what} is ${shown(value)}`, {
    hint: "expected a whole number from 1",
  });
}

function comparisonOf({ questionId, a, b }: AnswerPair, question: string, seed: number): Comparison {
  let random: Random | undefined;
  return {
    ...{ questionId, question, a, b },
    get random() {
      random ??= seededRandom("comparisons/own", seed, questionId, a, b);
      return random;
    },
  };
}

async function scoresOf<P>(
  what: string,
  compare: CompareBatch<P>,
  batch: readonly Comparison[],
  parameters: Readonly<P>,
): Promise<readonly number[]> {
  const [first, ...others] = batch.map(exampleOf);
  const where = others.length === 0 ? first! : `${batch.length} pairs from ${first}`;
  let scores: readonly number[];
  try {
    scores = await compare(batch, parameters);
  } catch (error) {
    throw threw(what, where, error);
  }
  if (!Array.isArray(scores) || scores.length !== batch.length) {
    const got = Array.isArray(scores) ? `a list of ${scores.length}` : shown(scores);
    throw new LabError("method-failed", `${what} returned ${got} for ${where}`, {
      hint: `expected ${batch.length} numbers from 0 to 1, one for each pair`,
    });
  }
  const wrong = scores.findIndex((score) => !(typeof score === "number" && score >= 0 && score <= 1));
  if (wrong < 0) return scores;
  throw returned(what, exampleOf(batch[wrong]!), scores[wrong], "the belief that b is better, a number from 0 to 1");
}

function exampleOf({ questionId, a, b }: Comparison): string {
  return `question ${questionId} (a: ${shown(a)}, b: ${shown(b)})`;
}

/** All results in order; nothing new is begun after a failure. */
async function inBatches<T, R>(
  items: readonly T[],
  size: number,
  slots: number,
  run: (batch: readonly T[]) => Promise<readonly R[]>,
): Promise<readonly R[]> {
  const step = Math.min(size, Math.max(1, items.length));
  const batches = Array.from({ length: Math.ceil(items.length / step) }, (_, i) =>
    items.slice(i * step, (i + 1) * step),
  );
  const limit = limitOf(slots);
  let failure: { readonly error: unknown } | undefined;
  const done = batches.map((batch) =>
    limit(async () => {
      if (failure) return [];
      return run(batch).catch((error: unknown) => {
        failure ??= { error };
        return [];
      });
    }),
  );
  const results = await Promise.all(done);
  if (failure) throw failure.error;
  return results.flat();
}

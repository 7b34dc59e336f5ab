import { seededRandom } from "../core/index.js";
import type { AnswerRow, Artifact, Demonstration, PreferencePair, PromptRow } from "../steps/index.js";
import { type Question, taskKey } from "../tasks/index.js";
import { answer } from "./answer.js";
import { type AnswerPair, bothAnswers, type ComparisonSource, type ScoredPair } from "./comparisons/index.js";
import { crossLabel } from "./cross-label.js";
import { findDisputes } from "./disputes.js";
import { isCostly, rightnessOf } from "./grading.js";
import type { Setting } from "./setting.js";
import { wholeShare } from "./whole-share.js";

/** What became of a pair: kept for training or not, and what the truth says (for reports; the method does not see it). */
export interface PairRecord extends ScoredPair {
  readonly selected: boolean;
  readonly correctA: boolean | null;
  readonly correctB: boolean | null;
}

/** How a round's preferences come about. */
export interface PreferenceOptions {
  readonly comparisons: ComparisonSource;
  /** Which answers are compared. Default: `sampledPairs`, the policy's own answers. */
  readonly pairs?: MakePairs;
  /** Share of the pairs that are trained on, by confidence. Default: the recipe's alpha. */
  readonly alpha?: number;
}

interface PreferenceRound {
  readonly round: number;
  /** For labels of steps. */
  readonly label: string;
}

/** The pairs of one round. */
export interface RoundPairs {
  readonly pairs: Artifact<AnswerPair>;
  /** What alpha is a share of. Default: the number of pairs. */
  readonly alphaOf?: number;
}

/** A way to make pairs of answers that are worth comparing. */
export type MakePairs = (
  setting: Setting,
  options: PreferenceRound & { readonly policy: Artifact },
) => Promise<RoundPairs>;

/** DPO's pairs: the policy answers every question several times; samples (1, 2), (3, 4), (5, 6) of a question make its pairs. */
export const sampledPairs: MakePairs = async (setting, { policy, label }) => {
  const { temperature, samples } = setting.recipe.preferenceSampling;
  const decoding = { kind: "temperature", temperature, samples } as const;
  const answers = await answer(setting, policy, setting.unlabelled, `${label}: samples`, decoding);
  const { pairs } = await setting.runner.derive<{ answers: AnswerRow }, { pairs: AnswerPair }>(
    "dpo/pairs",
    {},
    { answers },
    { label: `${label}: pairs`, expectRows: { pairs: Math.floor((answers.rows ?? 0) / 2) } },
    ({ answers: rows }) => ({
      pairs: rows.flatMap((first, i) => {
        const second = rows[i + 1];
        if (first.sample % 2 !== 0 || second?.id !== first.id) return [];
        return [{ id: `${first.id}/${first.sample / 2}`, questionId: first.id, a: first.answer, b: second.answer }];
      }),
    }),
  );
  return { pairs };
};

/**
 * ILR's pairs in the place of DPO's (asked for by the paper's reviewers): labels against the proposals that disagree with them. The labels
 * do not change, so every round halves them anew and meets new proposals; round 1's pairs are those of ILR's round 1. As there, alpha is a
 * share of all labels (F2, as released: of the pairs).
 *
 * @example
 * dpo(setting, student, { comparisons, pairs: labelPairs(labels), rounds: 3, name: "DPO on ILR's pairs" });
 */
export function labelPairs(labels: Artifact<Demonstration>): MakePairs {
  return async (setting, { round, label }) => {
    const proposals = await crossLabel(setting, labels, { round, label });
    const pairs = await findDisputes(setting, { labels, proposals, label });
    const shareOfAll = setting.fidelity.alphaBase === "as-described";
    return { pairs, ...(shareOfAll && labels.rows !== undefined && { alphaOf: labels.rows }) };
  };
}

/** What a round trains on, and what became of every pair. */
export interface Preferences {
  readonly preferences: Artifact<PreferencePair>;
  readonly records: Artifact<PairRecord>;
}

/** Makes a round's pairs, asks the source about all of them, and keeps the most confident. */
export async function preferencesOf(
  setting: Setting,
  policy: Artifact,
  { comparisons, pairs: makePairs = sampledPairs, alpha }: PreferenceOptions,
  { round, label }: PreferenceRound,
): Promise<Preferences> {
  const { pairs, alphaOf } = await makePairs(setting, { policy, round, label });
  const scored = await comparisons.score(setting, pairs, {
    label: `${label}: comparisons`,
    round,
    order: setting.fidelity.dpoEvaluatorOrder === "as-released" ? "same" : "swapped",
  });
  return selectPreferences(setting, scored, { comparisons, alpha, alphaOf, round, label });
}

type Selection = { preferences: PreferencePair; records: PairRecord };
interface SelectionOptions extends PreferenceRound {
  readonly comparisons: ComparisonSource;
  readonly alpha: number | undefined;
  readonly alphaOf: number | undefined;
}

/**
 * Keeps the share alpha of the pairs whose score is farthest from 0.5; ties are broken by a shuffle, another one each round. As released
 * the shuffle is seeded anew: where all are ties (F9) it is the same question's same pairs that are kept in every round.
 */
function selectPreferences(
  setting: Setting,
  scored: Artifact<ScoredPair>,
  options: SelectionOptions,
): Promise<Preferences> {
  const { runner, task, seed, fidelity, unlabelled, recipe } = setting;
  const { comparisons, alpha = recipe.alpha, alphaOf, round, label } = options;
  const { knowsTruth = false } = comparisons;
  // A score of exactly one half is no preference. As released (F1) such pairs stay in and `a` wins them; the oracle's path
  // is not affected: its released score is a boolean, which has no half (F9).
  const keepTies = !knowsTruth && fidelity.dpoEvaluatorOrder === "as-released";
  // F3: as released, oracle DPO then drops pairs whose chosen answer is wrong.
  const chosenMustBeCorrect = knowsTruth && fidelity.oraclePairs === "as-released";
  const mostOf = (pairs: number): number =>
    alphaOf === undefined ? Math.round(alpha * pairs) : wholeShare(alpha, alphaOf);
  const rows = scored.rows ?? 0;
  return runner.derive<{ scored: ScoredPair; prompts: PromptRow; questions: Question }, Selection>(
    "dpo/select",
    {
      ...{ task: taskKey(task), alpha, seed, round, keepTies, chosenMustBeCorrect },
      ...(alphaOf !== undefined && { alphaOf }),
    },
    { scored, ...unlabelled },
    {
      label: `${label}: most confident pairs`,
      expectRows: { preferences: Math.min(mostOf(rows), rows), records: rows },
      costly: isCostly(task),
    },
    async (tables) => {
      const prompts = new Map(tables.prompts.map(({ id, prompt }) => [id, prompt]));
      const correct = await rightnessOf(task, tables.questions, tables.scored.flatMap(bothAnswers), {
        needed: chosenMustBeCorrect,
      });
      const chosen = ({ a, b, score }: ScoredPair): string => (score > 0.5 ? b : a);
      const ranked = seededRandom("dpo/select", ...(chosenMustBeCorrect ? [seed] : [seed, round]))
        .shuffle(tables.scored)
        .filter(({ score }) => keepTies || score !== 0.5)
        .sort((x, y) => Math.abs(y.score - 0.5) - Math.abs(x.score - 0.5))
        .slice(0, mostOf(tables.scored.length))
        .filter((pair) => !chosenMustBeCorrect || correct(pair.questionId, chosen(pair)));
      const selected = new Set(ranked.map(({ id }) => id));
      return {
        preferences: ranked.map((pair) => ({
          id: pair.id,
          prompt: prompts.get(pair.questionId)!,
          chosen: chosen(pair),
          rejected: pair.score > 0.5 ? pair.a : pair.b,
        })),
        records: tables.scored.map((pair) => ({
          ...pair,
          selected: selected.has(pair.id),
          correctA: correct(pair.questionId, pair.a),
          correctB: correct(pair.questionId, pair.b),
        })),
      };
    },
  );
}

import { seededRandom } from "../core/index.js";
import type { AnswerRow, Artifact, PreferenceLoss, PreferencePair, PromptRow } from "../steps/index.js";
import { type Question, taskKey } from "../tasks/index.js";
import { answer, type GradedAnswer, test } from "./answer.js";
import { type AnswerPair, bothAnswers, type ComparisonSource, type ScoredPair } from "./comparisons/index.js";
import { isCostly, rightnessOf } from "./grading.js";
import type { Setting } from "./setting.js";

export interface DpoOptions {
  readonly comparisons: ComparisonSource;
  readonly rounds: number;
  /** Share of the pairs that are trained on, by confidence. Default: the recipe's alpha. */
  readonly alpha?: number;
  readonly beta?: number;
  /** In place of the recipe's: IPO, conservative DPO, or a formula. */
  readonly loss?: PreferenceLoss;
  readonly labelSmoothing?: number;
  /** For labels of steps and arms. */
  readonly name: string;
}

/** What became of a pair: kept for training or not, and what the truth says (for reports; the method does not see it). */
export interface PairRecord extends ScoredPair {
  readonly selected: boolean;
  readonly correctA: boolean | null;
  readonly correctB: boolean | null;
}

export interface DpoRound {
  readonly round: number;
  readonly model: Artifact;
  readonly pairs: Artifact<PairRecord>;
  readonly test: Artifact<GradedAnswer>;
}

/**
 * Direct preference optimization in rounds (Sec. 4 of the paper): the policy answers every question several times,
 * the comparison source judges pairs of its answers, DPO trains on the most confident, and the next round starts from
 * the result. The frozen reference is the SFT model (as released, F7: the last round's model).
 */
export async function* dpo(setting: Setting, start: Artifact, options: DpoOptions): AsyncGenerator<DpoRound> {
  const { runner, recipe, seed, fidelity } = setting;
  const { beta = recipe.dpo.beta, loss = recipe.dpo.loss, labelSmoothing = recipe.dpo.labelSmoothing } = options;
  const params = { ...recipe.dpo, beta, loss, labelSmoothing };
  // F7: the anchor of the KL term is SFT, or (as released) moves along with the policy.
  const anchor = fidelity.dpoReference === "as-released" ? {} : { reference: start };
  let policy = start;
  for (let round = 1; round <= options.rounds; round++) {
    const label = `${options.name} round ${round}`;
    const { temperature, samples } = recipe.preferenceSampling;
    const decoding = { kind: "temperature", temperature, samples } as const;
    const answers = await answer(setting, policy, setting.unlabelled, `${label}: samples`, decoding);
    const pairs = await pairUp(setting, answers, label);
    const scored = await options.comparisons.score(setting, pairs, {
      label: `${label}: comparisons`,
      round,
      order: fidelity.dpoEvaluatorOrder === "as-released" ? "same" : "swapped",
    });
    const { preferences, records } = await selectPreferences(setting, scored, options, { round, label });
    // Nothing to learn from (no pair is confident, or F3 drops them all): the policy stays as it is.
    if (preferences.rows !== 0) {
      const inputs = { model: policy, pairs: preferences, ...(policy !== start && anchor) };
      policy = (await runner.step("dpo", params, inputs, { seed: seed + round, label })).model!;
    }
    yield { round, model: policy, pairs: records, test: await test(setting, policy, label) };
  }
}

/** Samples (1, 2), (3, 4), (5, 6) of a question make its pairs. */
async function pairUp(setting: Setting, answers: Artifact<AnswerRow>, label: string): Promise<Artifact<AnswerPair>> {
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
  return pairs;
}

type Selection = { preferences: PreferencePair; records: PairRecord };

/**
 * Keeps the share alpha of the pairs whose score is farthest from 0.5; ties are broken by a shuffle, another one each round. As released
 * the shuffle is seeded anew: where all are ties (F9) it is the same question's same pairs that are kept in every round.
 */
function selectPreferences(
  setting: Setting,
  scored: Artifact<ScoredPair>,
  options: DpoOptions,
  { round, label }: { readonly round: number; readonly label: string },
): Promise<{ readonly [K in keyof Selection]: Artifact<Selection[K]> }> {
  const { runner, task, seed, fidelity, unlabelled, recipe } = setting;
  const alpha = options.alpha ?? recipe.alpha;
  const { knowsTruth = false } = options.comparisons;
  // A score of exactly one half is no preference. As released (F1) such pairs stay in and `a` wins them; the oracle's path
  // is not affected: its released score is a boolean, which has no half (F9).
  const keepTies = !knowsTruth && fidelity.dpoEvaluatorOrder === "as-released";
  // F3: as released, oracle DPO then drops pairs whose chosen answer is wrong.
  const chosenMustBeCorrect = knowsTruth && fidelity.oraclePairs === "as-released";
  const rows = scored.rows ?? 0;
  return runner.derive<{ scored: ScoredPair; prompts: PromptRow; questions: Question }, Selection>(
    "dpo/select",
    { task: taskKey(task), alpha, seed, round, keepTies, chosenMustBeCorrect },
    { scored, ...unlabelled },
    {
      label: `${label}: most confident pairs`,
      expectRows: { preferences: Math.round(alpha * rows), records: rows },
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
        .slice(0, Math.round(alpha * tables.scored.length))
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

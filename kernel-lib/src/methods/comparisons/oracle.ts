import { LabError, seededRandom } from "../../core/index.js";
import type { Artifact } from "../../steps/index.js";
import { type Question, taskKey } from "../../tasks/index.js";
import { isCostly, scoresOf } from "../grading.js";
import type { Setting } from "../setting.js";
import type { AnswerPair, ComparisonSource, ScoredPair, ScoreOptions } from "./source.js";

/**
 * Reliable comparisons by ground truth: 1 where only `b` is correct, 0 where only `a` is, 0.5 where the truth does not
 * tell them apart. As released (F9) the score is a boolean, "b is better", so that ties count as wins of `a`.
 */
export const oracle: ComparisonSource = {
  name: "oracle",
  knowsTruth: true,
  score: (setting, pairs, options) => {
    const asReleased = setting.fidelity.oraclePairs === "as-released";
    return compareWithTruth(setting, pairs, options, "oracle", { asReleased }, (difference) =>
      asReleased ? Number(difference > 0) : 0.5 + difference / 2,
    );
  },
};

/** What a synthetic source's errors go with. */
export const ERRORS = ["by-pair", "by-question", "redrawn"] as const;
export type Errors = (typeof ERRORS)[number];

/**
 * Comparisons of a controlled reliability: right with probability `accuracy` wherever the truth tells the answers apart,
 * a coin flip where it does not. Confidence is drawn at random, because a source that knew when it is wrong would not be
 * unreliable.
 *
 * @param accuracy from 0.5 (no information) to 1 (never wrong where it matters).
 * @param errors what a mistake goes with: the pair (asked twice, the source answers the same), the question (a source that cannot judge a
 *   question misjudges all its pairs, in every round, as a fixed evaluator would) or nothing (`redrawn` in every round).
 * @throws LabError `config-invalid` for any other accuracy.
 */
export function noisyOracle(accuracy: number, errors: Errors = "by-pair"): ComparisonSource {
  if (!(accuracy >= 0.5 && accuracy <= 1)) {
    throw new LabError("config-invalid", `noisyOracle(${accuracy}): expected an accuracy from 0.5 to 1`, {
      hint: "0.5 is a source without information, 1 is never wrong; such as noisyOracle(0.75)",
    });
  }
  return {
    name: `noisy-oracle-${accuracy}${errors === "by-pair" ? "" : `-${errors}`}`,
    score: (setting, pairs, options) => {
      const { seed } = setting;
      const kind = errors !== "by-pair" && { errors, ...(errors === "redrawn" && { round: options.round }) };
      return compareWithTruth(
        setting,
        pairs,
        options,
        "noisy-oracle",
        { accuracy, seed, ...kind },
        (difference, pair) => {
          if (pair.a === pair.b) return 0.5;
          // Drawn for the unordered pair, so that swapping the answers mirrors the score.
          const [first, second] = pair.a < pair.b ? [pair.a, pair.b] : [pair.b, pair.a];
          const { questionId } = pair;
          const drawn = errors === "redrawn" ? [options.round] : [];
          const random = seededRandom("noisy-oracle", seed, questionId, first, second, ...drawn);
          const luck = random.next();
          const systematic = errors === "by-question" && difference !== 0;
          const errs = systematic ? seededRandom("noisy-oracle", seed, questionId).next() : luck;
          const right = errs < (difference === 0 ? 0.5 : accuracy);
          const confidence = 1 - random.next();
          const better = difference === 0 ? (pair.a < pair.b ? 1 : -1) : Math.sign(difference);
          return 0.5 + ((right ? better : -better) * confidence) / 2;
        },
      );
    },
  };
}

/** Comparisons without any information: the control that separates feedback from self-training. */
export const random: ComparisonSource = { ...noisyOracle(0.5), name: "random" };

function compareWithTruth(
  setting: Setting,
  pairs: Artifact<AnswerPair>,
  { label }: ScoreOptions,
  name: string,
  params: { readonly [key: string]: boolean | number | string },
  score: (difference: number, pair: AnswerPair) => number,
): Promise<Artifact<ScoredPair>> {
  const { runner, task, unlabelled } = setting;
  return runner
    .derive<{ pairs: AnswerPair; questions: Question }, { scored: ScoredPair }>(
      `comparisons/${name}`,
      { task: taskKey(task), ...params },
      { pairs, questions: unlabelled.questions },
      { label, expectRows: { scored: pairs.rows ?? 0 }, costly: isCostly(task) },
      async (tables) => {
        const scores = await scoresOf(task, tables.questions, tables.pairs.flatMap(bothAnswers));
        /** Task score of `b` less that of `a`, from -1 to 1. */
        const difference = ({ questionId, a, b }: AnswerPair): number => scores(questionId, b) - scores(questionId, a);
        return { scored: tables.pairs.map((pair) => ({ ...pair, score: score(difference(pair), pair) })) };
      },
    )
    .then(({ scored }) => scored);
}

/** Both answers of a pair, as answers to its question. */
export function bothAnswers({ questionId: id, a, b }: AnswerPair): readonly { id: string; answer: string }[] {
  return [
    { id, answer: a },
    { id, answer: b },
  ];
}

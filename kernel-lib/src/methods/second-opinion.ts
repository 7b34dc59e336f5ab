import type { AnswerRow, Artifact } from "../steps/index.js";
import { type Question, taskKey } from "../tasks/index.js";
import type { AnswerPair, ComparisonSource, ScoredPair } from "./comparisons/index.js";
import { crossLabel } from "./cross-label.js";
import { isCostly } from "./grading.js";
import { refineByComparison } from "./refine.js";
import type { Refine } from "./refinement.js";

/**
 * Two models instead of feedback (asked for by the paper's reviewers: is ILR's gain that of an ensemble?). The set is halved a second time,
 * at random, so that every label has proposals by two models that were not trained on it. Where they agree with each other against the
 * label, it is replaced, up to a share alpha of all labels as in ILR; which of them is drawn at random. Nobody compares anything.
 *
 * @example
 * ilr(setting, labels, { refine: replaceWhereTwoAgree(1), rounds: 3, name: "Two models agree" });
 */
export function replaceWhereTwoAgree(alpha?: number): Refine {
  return async (setting, input) => {
    const label = `${input.label}: second opinion`;
    // The halves that the next round would draw: others than this round's.
    const second = await crossLabel(setting, input.labels, { round: input.round + 1, label });
    return refineByComparison(agreementWith(second), alpha)(setting, input);
  };
}

/** Prefers `b`, the proposal, where a second answer to the question agrees with it. It sees answers only, and says 1 or 0. */
function agreementWith(second: Artifact<AnswerRow>): ComparisonSource {
  return {
    name: "second-opinion",
    async score({ runner, task, unlabelled }, pairs, { label }) {
      type Tables = { pairs: AnswerPair; second: AnswerRow; questions: Question };
      const { scored } = await runner.derive<Tables, { scored: ScoredPair }>(
        "comparisons/second-opinion",
        { task: taskKey(task) },
        { pairs, second, questions: unlabelled.questions },
        { label, expectRows: { scored: pairs.rows ?? 0 }, costly: isCostly(task) },
        async (tables) => {
          const questions = new Map(tables.questions.map((question) => [question.id, question]));
          const answers = new Map(tables.second.map(({ id, answer }) => [id, answer]));
          const asked = tables.pairs.filter(({ questionId }) => task.isWellFormed(answers.get(questionId)!));
          const agreed = await task.agree(
            asked.map(({ questionId, b }) => ({
              question: questions.get(questionId)!,
              label: b,
              proposal: answers.get(questionId)!,
            })),
          );
          const seconded = new Set(asked.filter((_, i) => agreed[i]).map(({ id }) => id));
          return { scored: tables.pairs.map((pair) => ({ ...pair, score: seconded.has(pair.id) ? 1 : 0 })) };
        },
      );
      return scored;
    },
  };
}

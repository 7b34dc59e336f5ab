import { type AbsentOptions, type Judge, withoutAbsent } from "../../judge/index.js";
import type { Question } from "../../tasks/index.js";
import type { AnswerPair, ComparisonSource, ScoredPair } from "./source.js";

/**
 * Comparisons by a language model behind a server: which answer is the better response to the question. It sees no reference. The score
 * is P(b is better), the mean over both orders, which cancels a bias for a position; as released (F8) `b`, the newer answer, is always
 * output A and asked about once. An absent verdict counts as 0.5, aloud: no preference, so that the pair changes nothing.
 *
 * @example
 * const source = judge(openJudge({ model: "gpt-4o" }, { store }));
 * ilr(setting, labels, { refine: refineByComparison(source), rounds: 3, name: "ILR, judge" });
 */
export function judge(model: Judge, options: AbsentOptions = {}): ComparisonSource {
  return {
    name: "judge",
    async score({ runner, unlabelled, fidelity }, pairs, { label }) {
      const order = fidelity.judgeOrder === "as-released" ? "as-given" : "both";
      const { scored } = await runner.derive<{ pairs: AnswerPair; questions: Question }, { scored: ScoredPair }>(
        "comparisons/judge",
        { judge: model.identity, order },
        { pairs, questions: unlabelled.questions },
        { label, expectRows: { scored: pairs.rows ?? 0 }, costly: true },
        async (tables) => {
          const questions = new Map(tables.questions.map(({ id, question }) => [id, question]));
          const verdicts = await model.winProbability(
            tables.pairs.map(({ questionId, a, b }) => ({ instruction: questions.get(questionId)!, a: b, b: a })),
            { order },
          );
          const scores = withoutAbsent(verdicts, options);
          return { scored: tables.pairs.map((pair, i) => ({ ...pair, score: scores[i]! })) };
        },
      );
      return scored;
    },
  };
}

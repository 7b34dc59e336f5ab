import type { Artifact, ClassifierScore, TextRow } from "../../steps/index.js";
import { type Question, taskKey } from "../../tasks/index.js";
import { precisionOf } from "../recipe.js";
import type { AnswerPair, ComparisonSource, ScoredPair } from "./source.js";

/**
 * Comparisons by a small language model trained as a classifier ("you gave A; do you accept to change it to B?").
 * The score is the mean of P(accept B | A, B) and P(reject A | B, A), which cancels a bias for a position.
 *
 * With order "same" (F1, what dpo.py does as released) both prompts are (A, B): the mean of p and 1 - p is 0.5 up to
 * rounding, whatever the evaluator knows.
 *
 * @param model output of the `evaluator` step; class 1 is "accept B".
 */
export function evaluator(model: Artifact): ComparisonSource {
  return {
    name: "evaluator",
    async score(setting, pairs, { label, order = "swapped" }): Promise<Artifact<ScoredPair>> {
      const { runner, task, seed } = setting;
      const count = pairs.rows ?? 0;
      const { texts } = await runner.derive<{ pairs: AnswerPair; questions: Question }, { texts: TextRow }>(
        "comparisons/evaluator-texts",
        { task: taskKey(task), order },
        { pairs, questions: setting.unlabelled.questions },
        { label: `${label}: texts`, expectRows: { texts: 2 * count } },
        (tables) => {
          const questions = new Map(tables.questions.map(({ id, question }) => [id, question]));
          return {
            texts: tables.pairs.flatMap(({ id, questionId, a, b }) => {
              const question = questions.get(questionId)!;
              const [x, y] = order === "swapped" ? [b, a] : [a, b];
              return [
                { id: `${id}/forward`, text: task.comparisonPrompt(question, a, b) },
                { id: `${id}/backward`, text: task.comparisonPrompt(question, x, y) },
              ];
            }),
          };
        },
      );
      // F4
      const bos = setting.fidelity.evaluatorBos === "as-released" && { bos: true as const };
      const { scores } = await runner.step(
        "score",
        { kind: "classifier", ...bos, ...precisionOf(setting.recipe.evaluator) },
        { model, rows: texts },
        { seed, label },
      );
      const { scored } = await runner.derive<{ pairs: AnswerPair; scores: ClassifierScore }, { scored: ScoredPair }>(
        "comparisons/evaluator-scores",
        {},
        { pairs, scores: scores as Artifact<ClassifierScore> },
        { label: `${label}: scores`, expectRows: { scored: count } },
        (tables) => ({
          scored: tables.pairs.map((pair, i) => {
            const [, acceptForward] = tables.scores[2 * i]!.probabilities;
            const [rejectBackward] = tables.scores[2 * i + 1]!.probabilities;
            return { ...pair, score: (acceptForward + rejectBackward) / 2 };
          }),
        }),
      );
      return scored;
    },
  };
}

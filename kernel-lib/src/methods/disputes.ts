import type { AnswerRow, Artifact, Demonstration } from "../steps/index.js";
import { type Question, taskKey } from "../tasks/index.js";
import type { AnswerPair } from "./comparisons/index.js";
import { isCostly } from "./grading.js";
import type { RefineInput } from "./refinement.js";
import type { Setting } from "./setting.js";

/** The labels that well-formed proposals disagree with: what is worth comparing. `a` is the label, `b` the proposal. */
export async function findDisputes(
  { runner, task, unlabelled }: Setting,
  { labels, proposals, label }: Pick<RefineInput, "labels" | "proposals" | "label">,
): Promise<Artifact<AnswerPair>> {
  type Tables = { labels: Demonstration; proposals: AnswerRow; questions: Question };
  const { disputes } = await runner.derive<Tables, { disputes: AnswerPair }>(
    "ilr/disputes",
    { task: taskKey(task) },
    { labels, proposals, questions: unlabelled.questions },
    {
      label: `${label}: disagreements`,
      expectRows: { disputes: Math.ceil((labels.rows ?? 0) / 2) },
      costly: isCostly(task),
    },
    async (tables) => {
      const questions = new Map(tables.questions.map((question) => [question.id, question]));
      const wellFormed = tables.labels.flatMap(({ id, answer }, i) => {
        const proposal = tables.proposals[i]!.answer;
        return task.isWellFormed(proposal) ? [{ question: questions.get(id)!, label: answer, proposal }] : [];
      });
      const agreed = await task.agree(wellFormed);
      return {
        disputes: wellFormed.flatMap(({ question: { id }, label: a, proposal: b }, i) =>
          agreed[i] ? [] : [{ id, questionId: id, a, b }],
        ),
      };
    },
  );
  return disputes;
}

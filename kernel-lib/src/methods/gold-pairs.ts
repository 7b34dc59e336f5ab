import { seededRandom } from "../core/index.js";
import type { GoldPair } from "../human/index.js";
import type { Artifact } from "../steps/index.js";
import type { Question } from "../tasks/index.js";
import type { BetterAndWorse, TrainedEvaluator } from "./evaluator-training.js";
import type { HeldOutPair } from "./held-out.js";
import type { Setting } from "./setting.js";

/**
 * Pairs whose truth is known, to be mixed among those that a person is asked: the ones that the evaluator's training kept back. They are of
 * the weak supervisor's half, whose answers are the supervisor's to know; and the evaluator has judged the very same.
 *
 * @param beliefs what `heldOutPairs` says of them.
 */
export async function goldPairs(
  { runner, supervised, seed }: Setting,
  { heldOut }: TrainedEvaluator,
  beliefs: Artifact<HeldOutPair>,
): Promise<Artifact<GoldPair>> {
  type Tables = { heldOut: BetterAndWorse; beliefs: HeldOutPair; questions: Question };
  const { gold } = await runner.derive<Tables, { gold: GoldPair }>(
    "human/gold",
    { seed },
    { heldOut, beliefs, questions: supervised.questions },
    { label: "gold pairs", expectRows: { gold: heldOut.rows ?? 0 } },
    (tables) => {
      const questions = new Map(tables.questions.map(({ id, question }) => [id, question]));
      const beliefIn = new Map(tables.beliefs.map(({ id, score }) => [id, score]));
      return {
        gold: tables.heldOut.map(({ id, better, worse }) => {
          const belief = beliefIn.get(`${id}/accept`) ?? null;
          const pair = { questionId: id, question: questions.get(id)! };
          return seededRandom("human/gold", seed, id).next() < 0.5
            ? { ...pair, a: worse, b: better, better: "b" as const, evaluator: belief }
            : { ...pair, a: better, b: worse, better: "a" as const, evaluator: belief === null ? null : 1 - belief };
        }),
      };
    },
  );
  return gold;
}

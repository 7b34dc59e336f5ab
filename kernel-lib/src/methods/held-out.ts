import type { Artifact, ClassifierExample, ClassifierScore } from "../steps/index.js";
import type { TrainedEvaluator } from "./evaluator-training.js";
import { precisionOf } from "./recipe.js";
import type { Setting } from "./setting.js";

/** A pair of answers as the evaluator judged it, and whether its second answer is the better one. */
export interface HeldOutPair {
  readonly id: string;
  readonly score: number;
  readonly right: boolean;
}

/**
 * The evaluator on the pairs kept back from its training, asked as it is asked in use (the mean over both orders), each pair both ways
 * round: what its beliefs there are worth, to be held against the pairs that ILR and DPO show it.
 */
export async function heldOutPairs(
  setting: Setting,
  { model, validation }: TrainedEvaluator,
): Promise<Artifact<HeldOutPair>> {
  const { runner, seed, recipe, fidelity } = setting;
  const bos = fidelity.evaluatorBos === "as-released" && { bos: true as const };
  const { scores } = await runner.step(
    "score",
    { kind: "classifier", ...bos, ...precisionOf(recipe.evaluator) },
    { model, rows: validation },
    { seed, label: "evaluator: held-out pairs" },
  );
  const { pairs } = await runner.derive<
    { scores: ClassifierScore; validation: ClassifierExample },
    { pairs: HeldOutPair }
  >(
    "evaluator/held-out",
    {},
    { scores: scores as Artifact<ClassifierScore>, validation },
    { label: "evaluator: held-out beliefs", expectRows: { pairs: validation.rows ?? 0 } },
    (tables) => ({
      // Examples come in twos: (better, worse), to be rejected, and (worse, better), to be accepted.
      pairs: tables.validation.flatMap(({ id, label }, i) => {
        if (label === 0) return [];
        const [reject] = tables.scores[i - 1]!.probabilities;
        const [, accept] = tables.scores[i]!.probabilities;
        const score = (reject + accept) / 2;
        return [
          { id, score, right: true },
          { id: `${id}/swapped`, score: 1 - score, right: false },
        ];
      }),
    }),
  );
  return pairs;
}

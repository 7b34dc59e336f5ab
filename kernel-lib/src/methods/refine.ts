import { seededRandom } from "../core/index.js";
import { type LabelChoice, replaceLabels } from "./change-labels.js";
import type { ComparisonSource } from "./comparisons/index.js";
import { findDisputes } from "./disputes.js";
import type { Refine, RefineInput } from "./refinement.js";
import type { Setting } from "./setting.js";
import { wholeShare } from "./whole-share.js";

/**
 * The paper's refinement: where proposal and label disagree the source compares them; the proposal replaces the label
 * where its score is above max(0.5, threshold). The threshold lets through at most a share alpha: of all labels
 * (as described), or of the disagreeing ones (F2, as released). As released the oracle is not capped (F3).
 */
export function refineByComparison(comparisons: ComparisonSource, alpha?: number): Refine {
  return async (setting, input) =>
    replaceLabels(setting, input, {
      name: "ilr/refine",
      ...(await chooseByComparison(setting, input, comparisons, alpha)),
    });
}

/** Asks the source about every dispute; chosen are the labels whose proposals it prefers, the most confident first, up to alpha. */
export async function chooseByComparison(
  setting: Setting,
  input: RefineInput,
  comparisons: ComparisonSource,
  alpha?: number,
): Promise<Omit<LabelChoice, "name">> {
  const { fidelity, recipe, seed } = setting;
  const disputes = await findDisputes(setting, input);
  const scored = await comparisons.score(setting, disputes, {
    label: `${input.label}: comparisons`,
    round: input.round,
  });
  const uncapped = comparisons.knowsTruth === true && fidelity.oracleCap === "as-released";
  const share = uncapped ? 1 : (alpha ?? recipe.alpha);
  const shareOfAll = fidelity.alphaBase === "as-described";
  return {
    scored,
    params: { share, shareOfAll, seed },
    choose: ({ scored: pairs, labels }) => {
      const cap = wholeShare(share, shareOfAll ? labels.length : pairs.length);
      const confident = seededRandom("ilr/refine", seed, input.round)
        .shuffle(pairs)
        .filter(({ score }) => score > 0.5)
        .sort((x, y) => y.score - x.score);
      return confident.slice(0, cap).map(({ id }) => id);
    },
  };
}

/**
 * Naive ILR (Sec. 5.2): a random share alpha of all labels is replaced, without comparing. As released (F2) the draw is seeded anew in
 * every round: the same labels are replaced each time, and alpha is the share of all rounds together.
 */
export function replaceAtRandom(alpha?: number): Refine {
  return (setting, input) => {
    const share = alpha ?? setting.recipe.alpha;
    const { seed, fidelity } = setting;
    const sameEveryRound = fidelity.alphaBase === "as-released";
    const drawn = sameEveryRound ? [seed] : [seed, input.round];
    return replaceLabels(setting, input, {
      name: "ilr/replace-at-random",
      params: { share, seed, ...(sameEveryRound && { sameEveryRound }) },
      choose: ({ labels }) =>
        seededRandom("ilr/replace-at-random", ...drawn)
          .shuffle(labels.map(({ id }) => id))
          .slice(0, wholeShare(share, labels.length)),
    });
  };
}

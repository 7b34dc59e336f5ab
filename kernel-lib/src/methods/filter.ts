import { dropLabels, type LabelChoice } from "./change-labels.js";
import type { ComparisonSource } from "./comparisons/index.js";
import { findDisputes } from "./disputes.js";
import { chooseByComparison } from "./refine.js";
import type { Refine } from "./refinement.js";

/**
 * Filtering in place of refinement (asked for by the paper's reviewers): the labels that ILR would replace, by the same comparisons and
 * under the same cap, are dropped, and nothing takes their place. Over rounds the set shrinks: what is dropped stays out.
 *
 * @example
 * ilr(setting, labels, { refine: dropDoubtful(noisyOracle(0.75)), rounds: 3, name: "Drop doubtful" });
 */
export function dropDoubtful(comparisons: ComparisonSource, alpha?: number): Refine {
  return async (setting, input) => {
    const choice = await chooseByComparison(setting, input, comparisons, alpha);
    const share = alpha ?? setting.recipe.alpha;
    const count = input.labels.rows ?? 0;
    return dropLabels(setting, input, { name: "filter/drop-doubtful", ...choice }, (1 - share) * count);
  };
}

/**
 * Keeps the labels that their proposals agree with and drops all others, without comparing: agreement in place of feedback (asked for by
 * the paper's reviewers). A malformed proposal agrees with nothing.
 *
 * @example
 * ilr(setting, labels, { refine: keepAgreed, rounds: 1, name: "Keep agreed" });
 */
export const keepAgreed: Refine = async (setting, input) => {
  const { task } = setting;
  const choice: LabelChoice = {
    name: "filter/keep-agreed",
    params: {},
    disputes: await findDisputes(setting, input),
    choose: ({ labels, proposals, disputes }) => {
      const disputed = new Set(disputes.map(({ id }) => id));
      return labels.flatMap(({ id }, i) => (disputed.has(id) || !task.isWellFormed(proposals[i]!.answer) ? [id] : []));
    },
  };
  return dropLabels(setting, input, choice, (input.labels.rows ?? 0) / 2);
};

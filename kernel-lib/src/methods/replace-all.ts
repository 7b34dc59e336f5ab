import { replaceLabels } from "./change-labels.js";
import type { Refine } from "./refinement.js";

/**
 * Replaces every label by its proposal, without comparing and without a cap (asked for by the paper's reviewers): what cross-labelling
 * does by itself. Labels with malformed proposals stay.
 *
 * @example
 * ilr(setting, labels, { refine: replaceAll, rounds: 3, name: "Replace all" });
 */
export const replaceAll: Refine = (setting, input) =>
  replaceLabels(setting, input, {
    name: "ilr/replace-all",
    params: {},
    choose: ({ labels, proposals }) =>
      labels.flatMap(({ id }, i) => (setting.task.isWellFormed(proposals[i]!.answer) ? [id] : [])),
  });

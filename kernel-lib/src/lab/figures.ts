import type { RunRecord } from "../experiments/index.js";
import { figure4 as drawFigure4, supervisionQuality as drawSupervisionQuality, type Figure } from "../figures/index.js";
import { provenanceOf, provenanceOfAll, withProvenance } from "../notebook/index.js";
import type { Run } from "./run.js";

/**
 * Figure 4: test accuracy of ILR, DPO and SFT by round, a panel a run.
 *
 * @param runs by the panel's title.
 * @throws LabError `input-missing` for a run without ILR or without DPO.
 * @example
 * display(lab.figure4({ "micro-math": math, "micro-sql": sql }));
 */
export function figure4(runs: Readonly<Record<string, Run>>): Figure {
  return fromRuns(Object.values(runs), drawFigure4(records(runs)));
}

/**
 * SFT, DPO and ILR by how good demonstrations and comparisons are.
 *
 * @throws LabError `input-missing` where no run has SFT, and ILR or DPO.
 * @example
 * const [main, ora, corora] = await Promise.all(["main", "ora", "corora"].map((name) => lab.recorded(`micro-math/${name}`)));
 * display(lab.supervisionQuality([main, ora, corora]));
 */
export function supervisionQuality(runs: readonly Run[]): Figure {
  return fromRuns(runs, drawSupervisionQuality(runs.map(({ record }) => record)));
}

function records(runs: Readonly<Record<string, Run>>): Readonly<Record<string, RunRecord>> {
  return Object.fromEntries(Object.entries(runs).map(([name, { record }]) => [name, record]));
}

/** Notes all the runs that a figure is drawn from. */
function fromRuns(runs: readonly Run[], figure: Figure): Figure {
  const [first, ...others] = runs.flatMap((run) => provenanceOf(run) ?? []);
  return first === undefined ? figure : withProvenance(figure, provenanceOfAll([first, ...others]));
}

import { type DisplayProvenance, displayedVerdicts, provenanceOf, withProvenance } from "../notebook/index.js";
import { type Verdict, verdicts } from "../results/index.js";
import type { Run } from "./run.js";

/** As many as a display of one run names. */
const mostKeys = 300;

/**
 * What several runs together say about the paper's claims, for `display` to show as a table. Each claim is read from the first run that
 * has its arms; p-values allow for all claims that are read.
 *
 * @throws LabError `input-missing` without a run.
 * @example
 * display(lab.verdicts([await lab.recorded("micro-math/main"), await lab.recorded("micro-math/beta-sweep")]));
 */
export function verdictsOf(runs: readonly Run[]): readonly Verdict[] {
  const read = displayedVerdicts(verdicts(runs.map(({ record }) => record)));
  const [first, ...others] = runs.flatMap((run) => provenanceOf(run) ?? []);
  return first === undefined ? read : withProvenance(read, together(first, others));
}

/** Where numbers of several runs come from, as if it were one run. */
function together(first: DisplayProvenance, others: readonly DisplayProvenance[]): DisplayProvenance {
  const sources = [first, ...others];
  const joined = (of: (source: DisplayProvenance) => string): string => [...new Set(sources.map(of))].join(", ");
  const sum = (of: (source: DisplayProvenance) => number): number => sources.reduce((all, one) => all + of(one), 0);
  const times = (of: (source: DisplayProvenance) => string): string[] => sources.map(of).sort();
  return {
    ...first,
    experiment: joined(({ experiment }) => experiment),
    title: joined(({ title }) => title),
    seeds: [...new Set(sources.flatMap(({ seeds }) => seeds))].sort((a, b) => a - b),
    machine: joined(({ machine }) => machine),
    backend: joined(({ backend }) => backend),
    started: times(({ started }) => started)[0]!,
    ended: times(({ ended }) => ended).at(-1)!,
    counts: { executed: sum(({ counts }) => counts.executed), cached: sum(({ counts }) => counts.cached) },
    keys: [...new Set(sources.flatMap(({ keys }) => keys))].slice(0, mostKeys),
    recorded: sources.every(({ recorded }) => recorded),
  };
}

import type { RunRecord } from "../experiments/index.js";
import type { DisplayProvenance } from "../notebook/index.js";

/** A run's steps are many; a display names those that trained the models it shows, and no more than this. */
const mostKeys = 300;

/**
 * Where a run's numbers come from.
 *
 * @param arms those that are shown. Default: all.
 */
export function provenanceOfRun(
  { points, provenance }: RunRecord,
  isRecorded: boolean,
  arms?: readonly unknown[],
): DisplayProvenance {
  const { experiment, machine, backend, started, ended, versions, counts, keys } = provenance;
  const shown = points.filter(({ arm }) => arms === undefined || arms.includes(arm));
  const trained = [...new Set(shown.flatMap(({ step }) => step ?? []))];
  return {
    ...{ experiment: experiment.name, title: experiment.title, seeds: experiment.seeds },
    ...{ machine, backend, started, ended, versions, counts, recorded: isRecorded },
    keys: (trained.length > 0 ? trained : keys).slice(0, mostKeys),
  };
}

/** Where the numbers of a table over recorded runs come from; nothing where there are none. */
export function provenanceOfRuns(runs: readonly RunRecord[]): DisplayProvenance | undefined {
  const all = runs.map((run) => provenanceOfRun(run, true));
  const [first] = all;
  if (first === undefined || all.length === 1) return first;
  const joined = (of: (one: DisplayProvenance) => string): string => [...new Set(all.map(of))].join(", ");
  const sum = (of: (one: DisplayProvenance) => number): number => all.reduce((total, one) => total + of(one), 0);
  return {
    experiment: joined(({ experiment }) => experiment),
    title: `${all.length} recorded runs`,
    seeds: [...new Set(all.flatMap(({ seeds }) => seeds))].sort((a, b) => a - b),
    machine: joined(({ machine }) => machine),
    backend: joined(({ backend }) => backend),
    started: all.map(({ started }) => started).sort()[0]!,
    ended: all
      .map(({ ended }) => ended)
      .sort()
      .at(-1)!,
    versions: Object.assign({}, ...all.map(({ versions }) => versions)) as Readonly<Record<string, string>>,
    counts: { executed: sum(({ counts }) => counts.executed), cached: sum(({ counts }) => counts.cached) },
    // Some of each run, rather than all of the first ones.
    keys: all.flatMap(({ keys }) => keys.slice(0, Math.ceil(mostKeys / all.length))),
    recorded: true,
  };
}

import type { RunRecord } from "../../experiments/index.js";
import { effect } from "../format.js";
import { isPrimary, textColumns } from "./describe.js";
import { claims } from "./table.js";
import { type Verdict, verdicts } from "./verdicts.js";

/** What a claim came to on one task. */
export interface TaskVerdict extends Verdict {
  readonly task: string;
}

/**
 * The paper's claims on each task by itself, as the paper has them: p-values allow for the claims that are read on that task (Holm), not for
 * the number of tasks.
 *
 * @param runs of one task or of several; each claim is read from the first run of its task that has its arms.
 * @returns task by task, in the order of the runs; claims C1 to C5 of each.
 * @throws LabError `input-missing` without a run.
 * @example
 * verdictsByTask([math.record, sql.record]).filter(({ claim }) => claim === "C3").map(({ task, outcome }) => [task, outcome]);
 */
export function verdictsByTask(runs: readonly RunRecord[]): readonly TaskVerdict[] {
  const tasks = [...new Set(runs.map(taskOf))];
  if (tasks.length === 0) return verdicts([]) as readonly TaskVerdict[];
  return tasks.flatMap((task) =>
    verdicts(runs.filter((run) => taskOf(run) === task)).map((verdict) => ({ task, ...verdict })),
  );
}

/** Verdicts of several tasks as a Markdown table: a row a claim, a column a task, with the differences that decided. */
export function verdictsByTaskTable(read: readonly TaskVerdict[]): string {
  const tasks = [...new Set(read.map(({ task }) => task))];
  const rows = claims.map(({ claim, statement }) => [
    `**${claim}** ${statement}`,
    ...tasks.map((task) => cellOf(read.find((verdict) => verdict.task === task && verdict.claim === claim))),
  ]);
  return textColumns([["claim", ...tasks], ...rows]);
}

function cellOf(verdict: Verdict | undefined): string {
  if (verdict === undefined) return "";
  const effects = verdict.readings.filter(isPrimary).map(({ difference }) => effect(difference));
  return [`**${verdict.outcome}**`, ...effects].join("; ");
}

function taskOf(run: RunRecord): string {
  return run.provenance.experiment.task;
}

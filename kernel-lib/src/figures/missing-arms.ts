import { LabError } from "../core/index.js";
import { type ExperimentInput, presets, type RunRecord } from "../experiments/index.js";

/** What an experiment says of its arms, in a config or in a run. */
type Described = Pick<ExperimentInput, "task" | "arms" | "demonstrations">;

/**
 * The error for a run that lacks what a figure shows; its hint names a preset that has it, of the run's task where there is one.
 *
 * @param what such as "DPO at two values of beta".
 * @param has whether an experiment has it.
 */
export function missingArms(run: RunRecord, what: string, has: (experiment: Described) => boolean): LabError {
  const { name, task } = run.provenance.experiment;
  const all = [...presets.values()].filter(has);
  const ofTask = all.find((preset) => preset.task === task) ?? all[0];
  const other = ofTask && `run one that has: await lab.run(${JSON.stringify(ofTask.name)})`;
  return new LabError("input-missing", `this figure shows ${what}, and the run ${name} has none`, {
    hint: other ?? "add such arms to the experiment's config (docs/experiments.md)",
  });
}

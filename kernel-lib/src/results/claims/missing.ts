import { type Experiment, parseExperiment, presets, type RunRecord } from "../../experiments/index.js";
import { type ArmOfRun, ArmsOfRun } from "./arms.js";
import type { Claim } from "./claim.js";

/** What would let a claim be tested: the arms in words, and the experiment that has them, at the size of the run at hand. */
export function missingFor({ needs, primary }: Claim, { provenance: { experiment } }: RunRecord): string {
  const [, size] = experiment.name.split("@");
  const candidates = [...presets.values()]
    .filter(({ task, name }) => task === experiment.task && name.split("@")[1] === size)
    .map((preset) => parseExperiment(preset))
    .filter((preset) => primary(armsOfExperiment(preset)).length > 0);
  return candidates.length === 0 ? `needs ${needs}` : `needs ${needs}: run ${candidates[0]!.name}`;
}

/** The arms that a run of an experiment would have. */
function armsOfExperiment(experiment: Experiment): ArmsOfRun {
  const arms = experiment.arms.map(
    (description): ArmOfRun => ({ arm: description.name, method: description.method, description }),
  );
  return new ArmsOfRun([{ arm: "Weak supervisor", method: "weak", description: undefined }, ...arms], experiment);
}

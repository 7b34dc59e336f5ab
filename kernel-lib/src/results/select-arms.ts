import { LabError, nearestName } from "../core/index.js";
import type { RunRecord } from "../experiments/index.js";

/**
 * The same run with fewer arms, for figures that hold a few against each other. The weak supervisor stays only if it is named.
 *
 * @throws LabError `name-unknown` for an arm that the run does not have, `config-invalid` for none at all.
 * @example
 * selectArms(run, ["SFT", "ILR (oracle)"]);
 */
export function selectArms(run: RunRecord, names: readonly string[]): RunRecord {
  const known = [...new Set(run.points.map(({ arm }) => arm))];
  for (const name of names) {
    if (known.includes(name)) continue;
    const near = nearestName(name, known);
    throw new LabError("name-unknown", `there is no arm "${name}"`, {
      hint: near ? `did you mean "${near}"?` : `known: ${known.join(", ")}`,
    });
  }
  if (names.length === 0) {
    throw new LabError("config-invalid", "no arm was named", { hint: `name some of: ${known.join(", ")}` });
  }
  const { experiment } = run.provenance;
  return {
    ...run,
    points: run.points.filter(({ arm }) => names.includes(arm)),
    provenance: {
      ...run.provenance,
      experiment: { ...experiment, arms: experiment.arms.filter(({ name }) => names.includes(name)) },
    },
  };
}

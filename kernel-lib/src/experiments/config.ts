/** What an experiment is: data, checked by one schema, whether it comes from a preset, a file or a notebook. */
import { parseWith } from "./config/problem.js";
import { type Experiment, experimentSchema } from "./config/schema.js";
import type { Path } from "./config/walk.js";

export { type Arm, type ArmInput, armSchema, comparisonsSchema, METHODS } from "./config/arms.js";
export { everyFlag, fidelitySchema } from "./config/fidelity.js";
export { mergePatch } from "./config/merge.js";
export { type BaseModel, baseSchema, type HubBase, type PretrainedBase } from "./config/models.js";
export {
  assertRunnable,
  nobodyToAsk,
  noDemonstrations,
  type Requirements,
  requirementsOf,
} from "./config/requirements.js";
export { type Experiment, type ExperimentInput, experimentSchema } from "./config/schema.js";
export { setField } from "./config/set-field.js";

/**
 * Checks a config and fills its defaults.
 *
 * @throws LabError `config-invalid` naming the field, what was got and what is allowed.
 * @example
 * parseExperiment(presetByName("micro-math/quick")).arms.length; // 3
 */
export function parseExperiment(input: unknown): Experiment {
  return parseWith(experimentSchema, input);
}

/** The same for what was read from a file: `locate` says where a field stands, such as "my.yaml:12:7", for messages. */
export function parseLocated(input: unknown, locate: (path: Path) => string | undefined): Experiment {
  return parseWith(experimentSchema, input, locate);
}

import type { Backend, BackendName } from "../backends/index.js";
import {
  type Experiment,
  type ExperimentInput,
  isConfigFile,
  type Point,
  type Project,
  parseExperiment,
  parseLocated,
  presetByName,
  readConfigFile,
  setField,
} from "../experiments/index.js";
import { unknownName } from "./names.js";

/** What to change of an experiment, and how to run it. */
export interface LabOptions {
  /** Size of the experiment: "micro", "small", "paper", "paper-70b". Default: the smallest that it has. */
  readonly profile?: string;
  readonly seeds?: readonly number[];
  /** Rounds of ILR and of DPO. */
  readonly rounds?: number;
  /** Run only these arms, and SFT, which they are held against. */
  readonly arms?: readonly string[];
  /** Fields of the config by dotted path, such as "recipe.dpo.beta=0.5". */
  readonly set?: readonly string[];
  /** Called with every point as soon as it is known. */
  readonly onProgress?: (point: Point) => void;
  /** Show progress in the notebook or on the terminal. Default: true. */
  readonly progress?: boolean;
  readonly signal?: AbortSignal;
  /** Pretrain the base models instead of using the recorded ones. Default: whether FROM_SCRATCH=1 is set. */
  readonly fromScratch?: boolean;
  /** Who runs the steps: "embedded" (the default), "process", "docker", or a backend of your own, which stays open. */
  readonly backend?: BackendName | Backend;
  /** Where results and the store are. Default: the checkout around the current folder. */
  readonly project?: Project;
}

/**
 * The config that an experiment's name, object or file and the options come to.
 *
 * @throws LabError `name-unknown`, `config-invalid`, `input-missing`.
 */
export async function configured(experiment: string | ExperimentInput, options: LabOptions): Promise<Experiment> {
  const { seeds, rounds, profile } = options;
  const isFile = typeof experiment === "string" && isConfigFile(experiment);
  const file = isFile ? await readConfigFile(experiment, { profile }) : undefined;
  const preset = typeof experiment === "string" && !isFile ? presetByName(experiment, profile) : experiment;
  let input: unknown = file ? file.input : preset;
  for (const assignment of options.set ?? []) input = setField(input as ExperimentInput, assignment);
  const changed = {
    ...(input as ExperimentInput),
    ...(seeds && { seeds }),
    ...(rounds !== undefined && { rounds: { ilr: rounds, dpo: rounds } }),
  };
  const config = file ? parseLocated(changed, file.locate) : parseExperiment(changed);
  return options.arms === undefined ? config : withArms(config, options.arms);
}

function withArms(config: Experiment, wanted: readonly string[]): Experiment {
  const known = config.arms.map(({ name }) => name);
  for (const name of wanted) if (!known.includes(name)) throw unknownName("arm", name, known);
  const arms = config.arms.filter(({ name, method }) => method === "sft" || wanted.includes(name));
  return parseExperiment({ ...config, arms });
}

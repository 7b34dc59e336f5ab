import { isDeepStrictEqual } from "node:util";
import type { Backend, BackendName, SiteInput } from "../backends/index.js";
import {
  type ArmInput,
  type Experiment,
  type ExperimentInput,
  isConfigFile,
  type Method,
  type Own,
  type Point,
  type Project,
  parseExperiment,
  parseLocated,
  presetByName,
  readConfigFile,
  setField,
} from "../experiments/index.js";
import { memorySession, type People, peopleOf, type Respondent, readSession, type Session } from "../human/index.js";
import { unknownName } from "./names.js";

/** What to change of an experiment, and how to run it. */
export interface LabOptions {
  /** Size of the experiment: "micro", "small", "paper", "paper-70b". Default: the smallest that it has. */
  readonly profile?: string;
  readonly seeds?: readonly number[];
  /** Rounds of ILR and of DPO. */
  readonly rounds?: number;
  /** Of the experiment's arms run only these, and SFT, which they are held against. */
  readonly arms?: readonly string[];
  /** Arms to run beside the experiment's: methods with parts of your own, or arms as data. They share with the others what they have in common. */
  readonly methods?: readonly (Method | ArmInput)[];
  /** Functions that the experiment's own arms name, as in `comparisons: { own: "prefers shorter" }`; those of `methods` are known. */
  readonly own?: readonly Own[];
  /**
   * Who compares for arms with people's comparisons: a session file, a session, or a simulated person (`simulatedUser`), whose answers
   * stay in memory.
   */
  readonly human?: string | Session | Respondent;
  /** Fields of the config by dotted path, such as "recipe.dpo.beta=0.5". */
  readonly set?: readonly string[];
  /** Called with every point as soon as it is known. */
  readonly onProgress?: (point: Point) => void;
  /** Show progress in the notebook or on the terminal. Default: true. */
  readonly progress?: boolean;
  readonly signal?: AbortSignal;
  /** Pretrain the base models instead of using the recorded ones. Default: whether FROM_SCRATCH=1 is set. */
  readonly fromScratch?: boolean;
  /** Who runs the steps: "embedded" (the default), "process", "docker", "slurm", or a backend of your own, which stays open. */
  readonly backend?: BackendName | Backend;
  /** With the backend "slurm": the site's profile, or the path of its YAML file. Default: what ILR_SITE names. */
  readonly site?: SiteInput | string;
  /** Where results and the store are. Default: the checkout around the current folder. */
  readonly project?: Project;
}

/** What a run is made of. */
export interface Configured {
  readonly config: Experiment;
  readonly own: readonly Own[];
}

/**
 * The config that an experiment's name, object or file and the options come to, and the functions that it names.
 *
 * @throws LabError `name-unknown`, `config-invalid`, `input-missing`.
 */
export async function configured(experiment: string | ExperimentInput, options: LabOptions): Promise<Configured> {
  const { seeds, rounds, profile, methods = [] } = options;
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
  const own = [...(options.own ?? []), ...methods.flatMap((method) => ("arm" in method ? method.own : []))];
  return { config: withMethods(options.arms ? onlyArms(config, options.arms) : config, methods), own };
}

/** Known arms of the config; SFT stays. */
function onlyArms(config: Experiment, wanted: readonly string[]): Experiment {
  const known = config.arms.map(({ name }) => name);
  for (const name of wanted) if (!known.includes(name)) throw unknownName("arm", name, known);
  const arms = config.arms.filter(({ name, method }) => method === "sft" || wanted.includes(name));
  return { ...config, arms: arms as unknown as Experiment["arms"] };
}

/** The config with more arms; one that it has already is not there twice. */
function withMethods(config: Experiment, methods: readonly (Method | ArmInput)[]): Experiment {
  const arms = methods.map((method) => ("arm" in method ? method.arm : method));
  const more = arms.filter((arm) => !config.arms.some((known) => isDeepStrictEqual(known, arm)));
  return parseExperiment({ ...config, arms: [...config.arms, ...more] });
}

/** The people that the options name. @throws LabError `input-missing` for a session file that is not there, `input-damaged`. */
export async function peopleIn({ human }: LabOptions, { human: settings }: Experiment): Promise<People | undefined> {
  if (human === undefined) return undefined;
  const { secondsPerPair } = settings ?? {};
  const clock = secondsPerPair === undefined ? {} : { clockMs: 1000 * secondsPerPair };
  if (typeof human === "string") return peopleOf(await readSession(human), clock);
  if ("judgements" in human) return peopleOf(human, clock);
  const person = human.simulated ? "simulated" : "somebody";
  return peopleOf(memorySession({ person }), { respondent: human, ...clock });
}

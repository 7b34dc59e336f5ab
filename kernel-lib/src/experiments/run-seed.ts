import type { Store } from "../backends/index.js";
import type { People } from "../human/index.js";
import type { Judge } from "../judge/index.js";
import {
  correctLabels,
  createSetting,
  type GradedAnswer,
  goldPairs,
  groundTruth,
  type HeldOutPair,
  heldOutPairs,
  klDivergence,
  type Setting,
  sft,
  type TrainedEvaluator,
  trainEvaluator,
  validate,
  weakSupervision,
} from "../methods/index.js";
import type { Artifact, Runner } from "../steps/index.js";
import type { Task } from "../tasks/index.js";
import { type BaseOptions, baseModel, type ResolveModel } from "./bases.js";
import { type Arm, type Experiment, noDemonstrations } from "./config.js";
import type { Outcome } from "./outcome.js";
import type { OwnLibrary } from "./own/index.js";
import { definedOnly, runArm, type Shared, withArmRecipe, withFidelity } from "./run-arm.js";
import { taskOf } from "./task-of.js";

/** All outcomes of one seed, and the evaluator if an arm needed one. */
export interface SeedOutcome {
  readonly seed: number;
  readonly outcomes: readonly Outcome[];
  readonly evaluator?: TrainedEvaluator;
  /** What the evaluator believes of the pairs kept back from its training. */
  readonly heldOut?: Artifact<HeldOutPair>;
  /** References of the base models, by name and pair. */
  readonly bases: Readonly<Record<string, string>>;
}

export interface SeedOptions {
  readonly runner: Runner;
  readonly store: Store;
  readonly results: string;
  readonly fromScratch: boolean;
  /** Base models that were looked at already. */
  readonly seen?: BaseOptions["seen"] | undefined;
  /** Folder with fetched data sets. */
  readonly data?: string;
  /** The experiment's task. Default: that of its name, with its data and its judge at hand. */
  readonly task?: Task;
  /** Who answers for arms whose comparisons are a judge's. */
  readonly judge?: Judge | undefined;
  /** Who answers for arms whose comparisons are people's. */
  readonly people?: People | undefined;
  /** Functions of the user's that arms name. Default: none. */
  readonly own?: OwnLibrary;
  /** Who asks the Hub which commit a branch is; a plan has nobody. */
  readonly resolveModel?: ResolveModel;
  /** Called with every outcome as soon as it is known. */
  readonly onOutcome?: (outcome: Outcome) => void;
}

/** Runs every arm of an experiment for one seed; arms share what they have in common, and independent steps run side by side. */
export async function runSeed(experiment: Experiment, seed: number, options: SeedOptions): Promise<SeedOutcome> {
  // Before anything else, so that all arms of all seeds have their places before the first one asks.
  const seats = takeSeats(experiment, seed, options.people);
  const shared = await prepare(experiment, seed, { ...options, seats }).catch((error: unknown) => {
    for (const seat of seats.values()) seat.leave();
    throw error;
  });
  const { setting, weak, student } = shared;
  const outcomes: Outcome[] = [];
  const record = (outcome: Omit<Outcome, "seed">): void => {
    outcomes.push({ ...outcome, seed });
    options.onOutcome?.({ ...outcome, seed });
  };
  const { model, graded: weakLabels, test: tested } = weak;
  const onValidation = (of: Artifact, label: string): Promise<Artifact<GradedAnswer>> | undefined =>
    experiment.validate ? validate(setting, of, label) : undefined;
  const supervisorOnValidation = await onValidation(model, "weak supervisor");
  record({
    ...{ arm: "Weak supervisor", method: "weak", round: 0, model, test: tested },
    ...(weakLabels && { weakLabels }),
    ...(supervisorOnValidation && { validation: supervisorOnValidation }),
  });
  await Promise.all(
    experiment.arms.map(async (arm) => {
      const rounds = runArm({ ...shared, setting: withFidelity(setting, arm) }, arm, experiment);
      try {
        for await (const { kl = experiment.kl, ...outcome } of rounds) {
          const label = `${arm.name} round ${outcome.round}`;
          const divergence =
            kl && outcome.round > 0 ? await klDivergence(setting, outcome.model, student, label) : undefined;
          const validation = await onValidation(outcome.model, label);
          record({
            ...{ arm: arm.name, method: arm.method, ...outcome },
            ...(arm.comparisons === "human" && { abstains: true as const }),
            ...(divergence && { kl: divergence }),
            ...(validation && { validation }),
          });
        }
      } finally {
        seats.get(arm.name)?.leave();
      }
    }),
  );
  const pair = seed % experiment.bases.pairs;
  const bases = Object.fromEntries(
    (["weak", "strong"] as const).map((role) => [
      `${experiment.bases[role].name}-${pair}`,
      setting.bases[role].ref ?? "not trained yet",
    ]),
  );
  if (!usesEvaluator(experiment)) return { seed, outcomes, bases };
  const trained = await shared.evaluator();
  return { seed, outcomes, bases, evaluator: trained, heldOut: await heldOutPairs(setting, trained) };
}

type Seats = Shared["seats"];

function takeSeats({ name: experiment, arms }: Experiment, seed: number, people: People | undefined): Seats {
  const asking = people ? arms.filter(({ comparisons }) => comparisons === "human") : [];
  return new Map(asking.map(({ name }) => [name, people!.seat({ experiment, seed })]));
}

async function prepare(
  experiment: Experiment,
  seed: number,
  options: SeedOptions & { readonly seats: Seats },
): Promise<Shared> {
  if (experiment.demonstrations === "human") throw noDemonstrations(experiment);
  const { runner, judge, own, seats, task = taskOf(experiment, options) } = options;
  const pair = seed % experiment.bases.pairs;
  const [weakBase, strongBase] = await Promise.all(
    [experiment.bases.weak, experiment.bases.strong].map((base) => baseModel(runner, task, base, pair, options)),
  );
  const setting = await createSetting({
    ...{ runner, task, seed },
    recipe: { ...experiment.recipe, alpha: experiment.alpha },
    fidelity: experiment.fidelity,
    bases: { weak: weakBase!, strong: strongBase! },
    limit: definedOnly(experiment.limit),
  });
  const taughtTruth = new Map(
    experiment.arms.flatMap((arm) => (arm.method === "sft-ground-truth" ? [[arm.name, teachTruth(setting, arm)]] : [])),
  );
  const weak = await weakSupervision(setting);
  let trained: Promise<TrainedEvaluator> | undefined;
  const theEvaluator = (): Promise<TrainedEvaluator> => (trained ??= trainEvaluator(setting, weak));
  // The longest step of all, which whole arms wait for: it begins as soon as it can. Who asks for it meets its failure.
  if (usesEvaluator(experiment)) theEvaluator().catch(() => {});
  const labels = experiment.demonstrations === "correct-weak" ? await correctLabels(setting, weak) : weak.labels;
  const { model: student } = await sft(setting, setting.bases.strong, labels, "SFT");
  return {
    ...{ setting, judge, own, seats, weak, labels, student, evaluator: theEvaluator, taughtTruth },
    gold: async () => goldPairs(setting, await theEvaluator(), await heldOutPairs(setting, await theEvaluator())),
  };
}

/** Whether some arm, or the experiment itself, asks for a trained evaluator. */
function usesEvaluator({ trainEvaluator: wanted = false, arms }: Experiment): boolean {
  return wanted || arms.some(({ comparisons }) => comparisons === "evaluator" || comparisons === "human");
}

/** Begins to train a student on the truth; the arm that it is for meets a failure. */
function teachTruth(shared: Setting, arm: Arm): Promise<Artifact> {
  const setting = withArmRecipe(withFidelity(shared, arm), arm);
  const teach = async (): Promise<Artifact> => {
    const truth = await groundTruth(setting, setting.unlabelled);
    return (await sft(setting, setting.bases.strong, truth, arm.name)).model;
  };
  const model = teach();
  model.catch(() => {});
  return model;
}

import type { Store } from "../backends/index.js";
import { LabError } from "../core/index.js";
import type { Asked, GoldPair, People } from "../human/index.js";
import type { Judge } from "../judge/index.js";
import {
  type ComparisonSource,
  correctLabels,
  createSetting,
  dpo,
  dropDoubtful,
  evaluator,
  type Fidelity,
  type GradedAnswer,
  goldPairs,
  groundTruth,
  type HeldOutPair,
  heldOutPairs,
  human,
  ilr,
  judge,
  type KlRow,
  keepAgreed,
  klDivergence,
  type LabelRecord,
  labelPairs,
  noisyOracle,
  oracle,
  type PairRecord,
  type Refine,
  random,
  refineByComparison,
  refineByRule,
  replaceAll,
  replaceAtRandom,
  replaceWhereTwoAgree,
  type Setting,
  selfLabel,
  sft,
  sftOnChosen,
  type TrainedEvaluator,
  test,
  trainEvaluator,
  validate,
  type WeakSupervision,
  weakSupervision,
} from "../methods/index.js";
import type { Artifact, Demonstration, Runner } from "../steps/index.js";
import type { Task } from "../tasks/index.js";
import { type BaseOptions, baseModel, type ResolveModel } from "./bases.js";
import { type Arm, type Experiment, nobodyToAsk, noDemonstrations } from "./config.js";
import type { OwnLibrary } from "./own/index.js";
import { taskOf } from "./task-of.js";

/** One point of a curve: a model, and the per-example records behind its numbers. */
export interface Outcome {
  readonly seed: number;
  readonly arm: string;
  readonly method: Arm["method"] | "weak";
  /** 0 is the model before the first round (SFT). */
  readonly round: number;
  readonly model: Artifact;
  readonly test: Artifact<GradedAnswer>;
  /** The same on the validation split, where the experiment asks for it. */
  readonly validation?: Artifact<GradedAnswer>;
  /** ILR: what happened to each label. */
  readonly labels?: Artifact<LabelRecord>;
  /** DPO: what happened to each pair. */
  readonly pairs?: Artifact<PairRecord>;
  /** Its source has no opinion on some pairs; those, with a score of one half, say nothing of how often it is right. */
  readonly abstains?: true;
  /** Divergence from the SFT model. */
  readonly kl?: Artifact<KlRow>;
  /** Weak supervisor: its labels, scored. */
  readonly weakLabels?: Artifact<GradedAnswer>;
}

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

/** What the arms of one seed have in common. */
interface Shared {
  readonly setting: Setting;
  readonly judge: Judge | undefined;
  readonly own: OwnLibrary | undefined;
  /** Whom each arm of people's comparisons asks, by the arm's name. */
  readonly seats: ReadonlyMap<string, Asked>;
  readonly weak: WeakSupervision;
  /** What the student is taught: the weak labels, or only the correct ones. */
  readonly labels: Artifact<Demonstration>;
  /** The student trained on them: round 0 of every arm. */
  readonly student: Artifact;
  readonly evaluator: () => Promise<TrainedEvaluator>;
  /** Students who are taught the truth, by the arm's name: they need no supervisor, and are trained beside it. */
  readonly taughtTruth: ReadonlyMap<string, Promise<Artifact>>;
  /** Pairs whose truth is known, for people. */
  readonly gold: () => Promise<Artifact<GoldPair>>;
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

/** An arm may do some things as described where others do them as released. */
function withFidelity(setting: Setting, arm: Arm): Setting {
  return { ...setting, fidelity: { ...setting.fidelity, ...arm.fidelity } as Fidelity };
}

type ArmOutcome = Omit<Outcome, "seed" | "arm" | "method" | "kl" | "abstains"> & { readonly kl?: boolean };

async function* runArm(shared: Shared, arm: Arm, experiment: Experiment): AsyncGenerator<ArmOutcome> {
  const { labels, student } = shared;
  const setting = withArmRecipe(shared.setting, arm);
  const { name, alpha, beta, loss, labelSmoothing } = arm;
  switch (arm.method) {
    case "sft":
      yield { round: 0, model: student, test: await test(setting, student, name) };
      return;
    case "sft-ground-truth": {
      const model = await shared.taughtTruth.get(name)!;
      yield { round: 0, model, test: await test(setting, model, name) };
      return;
    }
    case "dpo":
    case "sft-on-chosen": {
      const comparisons = await comparisonSource(shared, arm, experiment);
      const rounds = arm.rounds ?? experiment.rounds.dpo;
      const pairs = arm.pairs === "labels" ? labelPairs(labels) : undefined;
      const shape = { comparisons, rounds, name, ...definedOnly({ alpha, pairs }) };
      yield* arm.method === "dpo"
        ? dpo(setting, student, { ...shape, ...definedOnly({ beta, loss, labelSmoothing }) })
        : sftOnChosen(setting, student, { ...shape, from: arm.from ?? "sft" });
      return;
    }
    default: {
      const refine = await refineRule(shared, arm, arm.method, experiment);
      const rounds = arm.rounds ?? experiment.rounds.ilr;
      const options = { refine, rounds, name, ...(arm.proposals === "self" && { propose: selfLabel }) };
      for await (const round of ilr(setting, labels, options)) {
        yield { round: round.round, model: round.model, test: round.test, labels: round.records };
      }
    }
  }
}

/** Methods that are ILR's loop, each with a rule of its own. */
type RefiningMethod = Exclude<Arm["method"], "sft" | "sft-ground-truth" | "dpo" | "sft-on-chosen">;

async function refineRule(shared: Shared, arm: Arm, method: RefiningMethod, experiment: Experiment): Promise<Refine> {
  const { alpha } = arm;
  switch (method) {
    case "ilr": {
      const comparisons = await comparisonSource(shared, arm, experiment);
      if (arm.refine === undefined) return refineByComparison(comparisons, alpha);
      return refineByRule(comparisons, ownLibrary(shared, arm).rule(arm.refine.own), alpha);
    }
    case "drop-doubtful":
      return dropDoubtful(await comparisonSource(shared, arm, experiment), alpha);
    case "naive-ilr":
      return replaceAtRandom(alpha);
    case "two-agree":
      return replaceWhereTwoAgree(alpha);
    case "keep-agreed":
      return keepAgreed;
    case "replace-all":
      return replaceAll;
  }
}

/** An arm may have its own learning rate (sweeps). */
function withArmRecipe(setting: Setting, { lr, method }: Arm): Setting {
  if (lr === undefined) return setting;
  const verb = method === "dpo" ? "dpo" : "student";
  const params = setting.recipe[verb];
  return { ...setting, recipe: { ...setting.recipe, [verb]: { ...params, optimizer: { ...params.optimizer, lr } } } };
}

async function comparisonSource(
  shared: Shared,
  { name, comparisons }: Arm,
  experiment: Experiment,
): Promise<ComparisonSource> {
  if (comparisons === undefined) {
    throw new LabError("config-invalid", `arm "${name}" does not say where its comparisons come from`, {
      hint: 'set comparisons to "evaluator", "oracle", "random" or { noisyOracle: 0.75 }',
    });
  }
  if (comparisons === "oracle") return oracle;
  if (comparisons === "random") return random;
  if (comparisons === "judge") {
    if (shared.judge) return judge(shared.judge);
    throw new LabError("config-invalid", `arm "${name}" has comparisons by a judge, and the experiment names none`, {
      hint: 'such as judge: { model: "gpt-4o" }, with the key in OPENAI_API_KEY, or baseUrl for a server of your own',
    });
  }
  if (comparisons === "human") {
    const seat = shared.seats.get(name);
    if (seat === undefined) throw nobodyToAsk(experiment);
    const { comparisonsPerRound: perRound, goldShare } = experiment.human ?? {};
    return human(seat, { perRound, goldShare, gold: shared.gold });
  }
  if (comparisons === "evaluator") return evaluator((await shared.evaluator()).model);
  return "own" in comparisons
    ? ownLibrary(shared, { name }).source(comparisons.own)
    : noisyOracle(comparisons.noisyOracle, comparisons.errors);
}

function ownLibrary({ own }: Shared, { name }: Pick<Arm, "name">): OwnLibrary {
  if (own) return own;
  throw new LabError("config-invalid", `arm "${name}" needs a function of yours, which nobody gave`, {
    hint: "pass it to lab.run as `own`",
  });
}

/** Without the members that are undefined (a schema's optional fields). */
function definedOnly<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

import type { Store } from "../backends/index.js";
import { LabError } from "../core/index.js";
import {
  type ComparisonSource,
  createSetting,
  dpo,
  evaluator,
  type Fidelity,
  type GradedAnswer,
  groundTruth,
  ilr,
  type KlRow,
  klDivergence,
  type LabelRecord,
  noisyOracle,
  oracle,
  type PairRecord,
  random,
  refineByComparison,
  replaceAtRandom,
  type Setting,
  sft,
  type TrainedEvaluator,
  test,
  trainEvaluator,
  type WeakSupervision,
  weakSupervision,
} from "../methods/index.js";
import type { Artifact, Runner } from "../steps/index.js";
import { taskByName } from "../tasks/index.js";
import { baseModel } from "./bases.js";
import type { Arm, Experiment } from "./config.js";

/** One point of a curve: a model, and the per-example records behind its numbers. */
export interface Outcome {
  readonly seed: number;
  readonly arm: string;
  readonly method: Arm["method"] | "weak";
  /** 0 is the model before the first round (SFT). */
  readonly round: number;
  readonly model: Artifact;
  readonly test: Artifact<GradedAnswer>;
  /** ILR: what happened to each label. */
  readonly labels?: Artifact<LabelRecord>;
  /** DPO: what happened to each pair. */
  readonly pairs?: Artifact<PairRecord>;
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
  /** References of the base models, by name and pair. */
  readonly bases: Readonly<Record<string, string>>;
}

export interface SeedOptions {
  readonly runner: Runner;
  readonly store: Store;
  readonly results: string;
  readonly fromScratch: boolean;
  /** Called with every outcome as soon as it is known. */
  readonly onOutcome?: (outcome: Outcome) => void;
}

/** What the arms of one seed have in common. */
interface Shared {
  readonly setting: Setting;
  readonly weak: WeakSupervision;
  /** The student trained on weak labels: round 0 of every arm. */
  readonly student: Artifact;
  readonly evaluator: () => Promise<TrainedEvaluator>;
}

/** Runs every arm of an experiment for one seed; arms share what they have in common, and independent steps run side by side. */
export async function runSeed(experiment: Experiment, seed: number, options: SeedOptions): Promise<SeedOutcome> {
  const shared = await prepare(experiment, seed, options);
  const { setting, weak, student } = shared;
  const outcomes: Outcome[] = [];
  const record = (outcome: Omit<Outcome, "seed">): void => {
    outcomes.push({ ...outcome, seed });
    options.onOutcome?.({ ...outcome, seed });
  };
  const { model, graded: weakLabels, test: tested } = weak;
  record({ arm: "Weak supervisor", method: "weak", round: 0, model, test: tested, ...(weakLabels && { weakLabels }) });
  await Promise.all(
    experiment.arms.map(async (arm) => {
      const armSetting = { ...setting, fidelity: { ...setting.fidelity, ...arm.fidelity } as Fidelity };
      for await (const { kl = experiment.kl, ...outcome } of runArm(
        { ...shared, setting: armSetting },
        arm,
        experiment,
      )) {
        const label = `${arm.name} round ${outcome.round}`;
        const divergence =
          kl && outcome.round > 0 ? await klDivergence(setting, outcome.model, student, label) : undefined;
        record({ arm: arm.name, method: arm.method, ...outcome, ...(divergence && { kl: divergence }) });
      }
    }),
  );
  const used = experiment.arms.some(({ comparisons }) => comparisons === "evaluator");
  const pair = seed % experiment.bases.pairs;
  const bases = Object.fromEntries(
    (["weak", "strong"] as const).map((role) => [
      `${experiment.bases[role].name}-${pair}`,
      setting.bases[role].ref ?? "not trained yet",
    ]),
  );
  return { seed, outcomes, bases, ...(used && { evaluator: await shared.evaluator() }) };
}

async function prepare(experiment: Experiment, seed: number, options: SeedOptions): Promise<Shared> {
  const { runner } = options;
  const task = taskByName(experiment.task);
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
  const weak = await weakSupervision(setting);
  const { model: student } = await sft(setting, setting.bases.strong, weak.labels, "SFT");
  let trained: Promise<TrainedEvaluator> | undefined;
  return { setting, weak, student, evaluator: () => (trained ??= trainEvaluator(setting, weak)) };
}

type ArmOutcome = Omit<Outcome, "seed" | "arm" | "method" | "kl"> & { readonly kl?: boolean };

async function* runArm(shared: Shared, arm: Arm, experiment: Experiment): AsyncGenerator<ArmOutcome> {
  const { weak, student } = shared;
  const setting = withArmRecipe(shared.setting, arm);
  const { name, alpha, beta } = arm;
  switch (arm.method) {
    case "sft":
      yield { round: 0, model: student, test: await test(setting, student, name) };
      return;
    case "sft-ground-truth": {
      const truth = await groundTruth(setting, setting.unlabelled);
      const { model } = await sft(setting, setting.bases.strong, truth, name);
      yield { round: 0, model, test: await test(setting, model, name) };
      return;
    }
    case "naive-ilr":
    case "ilr": {
      const refine =
        arm.method === "naive-ilr"
          ? replaceAtRandom(alpha)
          : refineByComparison(await comparisonSource(shared, arm), alpha);
      for await (const round of ilr(setting, weak.labels, {
        refine,
        name,
        rounds: arm.rounds ?? experiment.rounds.ilr,
      })) {
        yield { round: round.round, model: round.model, test: round.test, labels: round.records };
      }
      return;
    }
    case "dpo": {
      const comparisons = await comparisonSource(shared, arm);
      const rounds = arm.rounds ?? experiment.rounds.dpo;
      const choices = { ...(alpha !== undefined && { alpha }), ...(beta !== undefined && { beta }) };
      yield* dpo(setting, student, { comparisons, rounds, name, ...choices });
    }
  }
}

/** An arm may have its own learning rate (sweeps). */
function withArmRecipe(setting: Setting, { lr, method }: Arm): Setting {
  if (lr === undefined) return setting;
  const verb = method === "dpo" ? "dpo" : "student";
  const params = setting.recipe[verb];
  return { ...setting, recipe: { ...setting.recipe, [verb]: { ...params, optimizer: { ...params.optimizer, lr } } } };
}

async function comparisonSource(shared: Shared, { name, comparisons }: Arm): Promise<ComparisonSource> {
  if (comparisons === undefined) {
    throw new LabError("config-invalid", `arm "${name}" does not say where its comparisons come from`, {
      hint: 'set comparisons to "evaluator", "oracle", "random" or { noisyOracle: 0.75 }',
    });
  }
  if (comparisons === "oracle") return oracle;
  if (comparisons === "random") return random;
  if (comparisons === "evaluator") return evaluator((await shared.evaluator()).model);
  return noisyOracle(comparisons.noisyOracle);
}

/** Without the members that are undefined (a schema's optional fields). */
function definedOnly<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

import { LabError } from "../core/index.js";
import type { Asked, GoldPair } from "../human/index.js";
import type { Judge } from "../judge/index.js";
import {
  type ComparisonSource,
  dpo,
  dropDoubtful,
  evaluator,
  type Fidelity,
  human,
  ilr,
  judge,
  keepAgreed,
  labelPairs,
  noisyOracle,
  oracle,
  type Refine,
  random,
  refineByComparison,
  refineByRule,
  replaceAll,
  replaceAtRandom,
  replaceWhereTwoAgree,
  type Setting,
  selfLabel,
  sftOnChosen,
  type TrainedEvaluator,
  test,
  type WeakSupervision,
} from "../methods/index.js";
import type { Artifact, Demonstration } from "../steps/index.js";
import { type Arm, type Experiment, nobodyToAsk } from "./config.js";
import type { Outcome } from "./outcome.js";
import type { OwnLibrary } from "./own/index.js";

/** What the arms of one seed have in common. */
export interface Shared {
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

type ArmOutcome = Omit<Outcome, "seed" | "arm" | "method" | "kl" | "abstains"> & { readonly kl?: boolean };

/** What an arm finds, round by round. */
export async function* runArm(shared: Shared, arm: Arm, experiment: Experiment): AsyncGenerator<ArmOutcome> {
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
export function withArmRecipe(setting: Setting, { lr, method }: Arm): Setting {
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

/** An arm may do some things as described where others do them as released. */
export function withFidelity(setting: Setting, arm: Arm): Setting {
  return { ...setting, fidelity: { ...setting.fidelity, ...arm.fidelity } as Fidelity };
}

/** Without the members that are undefined (a schema's optional fields). */
export function definedOnly<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

import type { Arm, Experiment, Point } from "../../experiments/index.js";

/** An arm as a run has it; the weak supervisor has no description. */
export interface ArmOfRun {
  readonly arm: string;
  readonly method: Point["method"];
  readonly description: Arm | undefined;
}

/** What of an experiment decides which arms are the paper's own. */
type Setting = Pick<Experiment, "alpha" | "recipe"> & Partial<Pick<Experiment, "demonstrations">>;

/** The accuracy of a noisy oracle that stands in for the paper's evaluator where that was not run, or beside it. */
const STAND_IN = 0.75;

/** Finds arms by what they are, not by what they are called. */
export class ArmsOfRun {
  constructor(
    private readonly all: readonly ArmOfRun[],
    private readonly setting: Setting,
  ) {}

  /** Whether the student learned from a weak supervisor's labels, wrong ones included. */
  get demonstrationsAreUnreliable(): boolean {
    // Records of before the field was there are of weak labels.
    return (this.setting.demonstrations ?? "weak") === "weak";
  }

  /** The first arm of a method as the paper has it. */
  of(method: ArmOfRun["method"]): string | undefined {
    return this.all.find((arm) => arm.method === method && this.isUsual(arm))?.arm;
  }

  /** Arms of a method that compare by the ground truth; as described before as released. */
  reliable(method: "ilr" | "dpo"): readonly string[] {
    return this.usual(method)
      .filter(({ description }) => description?.comparisons === "oracle" || noiseOf(description) === 1)
      .map(({ arm }) => arm);
  }

  /** Arms of a method with fallible comparisons: the evaluator's first, as in the paper, then noisy oracles from the usual one outwards. */
  unreliable(method: "ilr" | "dpo"): readonly string[] {
    const evaluators = this.usual(method).filter(({ description }) => description?.comparisons === "evaluator");
    const noisy = this.usual(method).filter(({ description }) => (noiseOf(description) ?? 1) < 1);
    const distance = ({ description }: ArmOfRun): number => Math.abs(noiseOf(description)! - STAND_IN);
    return [...evaluators, ...[...noisy].sort((a, b) => distance(a) - distance(b))].map(({ arm }) => arm);
  }

  /** ILR and DPO with the same fallible comparisons. */
  unreliablePairs(): readonly (readonly [ilr: string, dpo: string])[] {
    return this.sameSource(this.unreliable("ilr"), this.unreliable("dpo"));
  }

  /** Arms of a method with parts of the user's own (comparisons, rules, losses): the paper claims nothing about them. */
  own(method: "ilr" | "dpo"): readonly string[] {
    return this.all.filter((arm) => arm.method === method && hasOwnPart(arm)).map(({ arm }) => arm);
  }

  /** ILR and DPO with the same comparisons, of which one or both are the user's own. */
  ownPairs(): readonly (readonly [ilr: string, dpo: string])[] {
    const own = new Set([...this.own("ilr"), ...this.own("dpo")]);
    const [ilr, dpo] = (["ilr", "dpo"] as const).map((method) => [...this.unreliable(method), ...this.own(method)]);
    return this.sameSource(ilr!, dpo!).filter((pair) => pair.some((arm) => own.has(arm)));
  }

  /**
   * DPO with fallible comparisons over beta, weakest anchor first: the evaluator's arms, or else those of the noisy oracle with most values.
   * Empty where fewer than two values were run.
   */
  byBeta(): readonly string[] {
    const sweeps = new Map<string, { readonly arm: string; readonly beta: number }[]>();
    for (const { arm, method, description } of this.all) {
      const source = description?.comparisons;
      const isFallible = source === "evaluator" || (noiseOf(description) ?? 1) < 1;
      if (method !== "dpo" || !description || !isFallible || changes(description).some((name) => name !== "beta"))
        continue;
      const key = JSON.stringify(source);
      const beta = description.beta ?? this.setting.recipe.dpo.beta;
      const sweep = sweeps.get(key) ?? [];
      if (!sweep.some((other) => other.beta === beta)) sweeps.set(key, [...sweep, { arm, beta }]);
    }
    const wide = [...sweeps].filter(([, arms]) => arms.length > 1);
    const [, chosen] =
      wide.find(([key]) => key === '"evaluator"') ?? wide.sort(([, a], [, b]) => b.length - a.length)[0] ?? [];
    return [...(chosen ?? [])].sort((a, b) => a.beta - b.beta).map(({ arm }) => arm);
  }

  private usual(method: ArmOfRun["method"]): readonly ArmOfRun[] {
    const arms = this.all.filter((arm) => arm.method === method && this.isUsual(arm));
    return arms.sort((a, b) => Number(isOverridden(a)) - Number(isOverridden(b)));
  }

  /** Nothing but the fidelity flags differs from the experiment's own recipe. */
  private isUsual({ description }: ArmOfRun): boolean {
    if (description === undefined) return true;
    const { alpha, recipe } = this.setting;
    const own: Partial<Record<keyof Arm, unknown>> = {
      ...{ alpha, beta: recipe.dpo.beta, lr: recipe.dpo.optimizer.lr },
      ...{ loss: recipe.dpo.loss, pairs: "samples", proposals: "cross" },
    };
    return changes(description).every((name) => description[name] === own[name]);
  }

  private sameSource(ilr: readonly string[], dpo: readonly string[]): readonly (readonly [string, string])[] {
    const source = (arm: string): string => JSON.stringify(this.sourceOf(arm) ?? null);
    return ilr.flatMap((first) =>
      dpo.filter((second) => source(first) === source(second)).map((second) => [first, second] as const),
    );
  }

  private sourceOf(name: string): Arm["comparisons"] {
    return this.all.find(({ arm }) => arm === name)?.description?.comparisons;
  }
}

const isOverridden = ({ description }: ArmOfRun): boolean => description?.fidelity !== undefined;

function hasOwnPart({ description }: ArmOfRun): boolean {
  const parts = [description?.comparisons, description?.refine, description?.loss];
  return parts.some((part) => typeof part === "object" && !("noisyOracle" in part));
}

/** Fields in which an arm sets something of its own, apart from what it is and from fidelity flags. */
function changes(description: Arm): readonly (keyof Arm)[] {
  const named: readonly string[] = ["name", "method", "comparisons", "fidelity", "rounds"];
  return (Object.keys(description) as (keyof Arm)[]).filter(
    (name) => !named.includes(name) && description[name] !== undefined,
  );
}

function noiseOf(description: Arm | undefined): number | undefined {
  const source = description?.comparisons;
  return typeof source === "object" && "noisyOracle" in source ? source.noisyOracle : undefined;
}

import { LabError } from "../core/index.js";
import { methodCosts, type Own, type Project, planExperiment, recordedRounds } from "../experiments/index.js";
import { costAccuracy as drawCostAccuracy, type Figure, type RoundCosts } from "../figures/index.js";
import { provenanceOf, withProvenance } from "../notebook/index.js";
import { planning } from "./plans.js";
import type { Run } from "./run.js";

export interface CostAccuracyOptions {
  /**
   * What is counted: operations as a plan prices them (the default), which need nothing and do not depend on a machine; or seconds of one worker as
   * the steps' records have them, which must be in the store.
   */
  readonly cost?: "planned" | "recorded";
  /** Functions that the run's own arms name, as for `lab.run`. */
  readonly own?: readonly Own[];
  /** Where results and the store are. Default: the checkout around the current folder. */
  readonly project?: Project;
}

/**
 * What each method's rounds buy for what they cost: gain over SFT against the cost of all rounds so far.
 *
 * @throws LabError `input-missing` for recorded costs of a run whose steps are not in the store, such as one that was recorded elsewhere.
 * @example
 * display(await lab.costAccuracy(run));
 * display(await lab.costAccuracy(run, { cost: "recorded" }));
 */
export async function costAccuracy(run: Run, options: CostAccuracyOptions = {}): Promise<Figure> {
  const { cost = "planned", ...place } = options;
  const figure = drawCostAccuracy(
    run.record,
    cost === "planned" ? await planned(run, place) : await recorded(run, place),
  );
  const provenance = provenanceOf(run);
  return provenance === undefined ? figure : withProvenance(figure, provenance);
}

type Place = Omit<CostAccuracyOptions, "cost">;

async function planned({ record }: Run, { own = [], ...place }: Place): Promise<RoundCosts> {
  const { experiment } = record.provenance;
  const plan = await planning(place, (options) => planExperiment(experiment, { ...options, own }));
  const rounds = methodCosts(plan).map(
    ({ arm, rounds: costs }) => [arm.name, costs.map(({ flops }) => flops / plan.seeds.length)] as const,
  );
  return { rounds: new Map(rounds), unit: "operations", source: "as planned" };
}

async function recorded({ record }: Run, { own = [], ...place }: Place): Promise<RoundCosts> {
  const { experiment, keys, machine } = record.provenance;
  const all = await planning(place, (options) => recordedRounds(experiment, { ...options, own, keys }));
  const missing = all.reduce((sum, arm) => sum + arm.missing, 0);
  if (missing > 0) {
    throw new LabError("input-missing", `${missing} steps of ${experiment.name} have no record in the store`, {
      hint: `run the experiment here, lab.run(${JSON.stringify(experiment.name)}), or take planned costs`,
    });
  }
  const seeds = experiment.seeds.length;
  const rounds = all.map(({ arm, seconds }) => [arm, seconds.map((of) => of / seeds)] as const);
  return { rounds: new Map(rounds), unit: "seconds", source: "as recorded", machine };
}

import { LabError } from "../core/index.js";
import type { Point, RunRecord } from "../experiments/index.js";
import { armCurve, lastPoint } from "./curves.js";

/** An arm that a choice was made among. */
export interface Candidate {
  readonly arm: string;
  /** Mean over the seeds that all candidates have, at the arm's last round; null where there was no choice to make. */
  readonly validationAccuracy: number | null;
}

/** The arm that was chosen, and among which. */
export interface Choice {
  readonly arm: string;
  /** In the order in which they were given. */
  readonly candidates: readonly Candidate[];
}

/**
 * The best of some arms (learning rates, as a rule) by the mean of their accuracies on the validation split over seeds, each at its last round.
 * The test split has no say: a choice by test accuracy would flatter the method that has more arms to choose from. Of equals the first. An arm
 * without rivals is chosen without looking.
 *
 * @throws LabError `config-invalid` for no arms, `name-unknown`, `input-missing` where a rival has no validation accuracy or they share no seed.
 * @example
 * const { arm } = bestByValidation(run, ["DPO, lr 1e-6", "DPO, lr 3e-6", "DPO, lr 1e-5"]);
 */
export function bestByValidation(run: RunRecord, arms: readonly string[]): Choice {
  if (arms.length === 0) throw new LabError("config-invalid", "there are no arms to choose from");
  const last = arms.map((arm) => lastOf(run, arm));
  if (arms.length === 1) return { arm: arms[0]!, candidates: [{ arm: arms[0]!, validationAccuracy: null }] };
  const seeds = sharedSeeds(last);
  if (seeds.length === 0) {
    throw new LabError("input-missing", `${arms.join(", ")} have no seed in common: there is no fair choice`, {
      hint: "run all of them with the same seeds",
    });
  }
  const candidates = arms.map((arm, i) => ({ arm, validationAccuracy: meanValidation(run, last[i]!, seeds) }));
  const best = candidates.reduce((x, y) => (y.validationAccuracy > x.validationAccuracy ? y : x));
  return { arm: best.arm, candidates };
}

/** An arm's last round, every seed's point of it. */
function lastOf(run: RunRecord, arm: string): readonly Point[] {
  const { round } = lastPoint(armCurve(run, arm));
  return run.points.filter((point) => point.arm === arm && point.round === round);
}

function sharedSeeds(arms: readonly (readonly Point[])[]): readonly number[] {
  const [first, ...others] = arms.map((points) => points.map(({ seed }) => seed));
  return first!.filter((seed) => others.every((seeds) => seeds.includes(seed)));
}

function meanValidation({ provenance }: RunRecord, points: readonly Point[], seeds: readonly number[]): number {
  const shares = points
    .filter(({ seed }) => seeds.includes(seed))
    .map(({ arm, validationAccuracy }) => {
      if (typeof validationAccuracy === "number") return validationAccuracy;
      throw new LabError(
        "input-missing",
        `the run has no validation accuracy of ${arm}, and the test split must not choose`,
        {
          hint: `run it with set: ["validate=true"]: lab.run(${JSON.stringify(provenance.experiment.name)}, ...)`,
        },
      );
    });
  return shares.reduce((sum, share) => sum + share, 0) / shares.length;
}

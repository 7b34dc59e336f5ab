import { type ColumnTable, from } from "arquero";
import { LabError } from "../core/index.js";
import type { Arm, RunRecord } from "../experiments/index.js";
import { type ArmCurve, armCurves, type CurvePoint, lastPoint, pairedDifference, sftCurve } from "./curves.js";
import type { Interval } from "./statistics/index.js";

/**
 * The phase diagram as rows: ILR against DPO wherever both have comparisons of the same known accuracy (`noisyOracle`), one row for each arm of ILR.
 *
 * `comparisons` is that accuracy, 0.5 to 1, and `errors` whether wrong verdicts are tied to pairs, tied to questions, or drawn anew in every round. Of DPO's learning rates `dpo` has the one with the best
 * accuracy on the validation split at its last round (`validation`, %, mean over seeds), which no test question has a say in. `gain`s over SFT and `difference` (ILR minus DPO) are paired, in points with 95 % intervals, at the
 * last round of each. `matched` is the arm and `matchedRound` the round of DPO, at any learning rate, whose divergence from SFT is nearest to ILR's, by ratio: `matchedKl` says how near, in nats;
 * `matchedDifference` is ILR minus that.
 *
 * @throws LabError `input-missing` when there is nothing to choose a learning rate by.
 * @example
 * phaseFrame(run).filter((row) => row.alpha === 0.15 && row.errors === "redrawn").select("comparisons", "difference", "matchedDifference");
 */
export function phaseFrame(run: RunRecord): ColumnTable {
  const { experiment } = run.provenance;
  const sft = sftCurve(run);
  const curves = armCurves(run).flatMap((curve) => {
    const source = sourceOf(curve.description);
    return source === undefined ? [] : [{ curve, source }];
  });
  const rows = curves.flatMap(({ curve: ilr, source }) => {
    const rivals = curves.filter((other) => other.curve.method === "dpo" && isSame(other.source, source));
    if (ilr.method !== "ilr" || rivals.length === 0) return [];
    const dpos = rivals.map(({ curve }) => curve);
    const dpo = bestByValidation(run, dpos);
    const [end, best] = [lastPoint(ilr), lastPoint(dpo)];
    const near = nearestInKl(end, dpos);
    return {
      ...{ comparisons: source.noisyOracle, errors: source.errors, alpha: ilr.description?.alpha ?? experiment.alpha },
      ...{ ilr: ilr.arm, dpo: dpo.arm, lr: dpo.description?.lr ?? experiment.recipe.dpo.optimizer.lr },
      validation: percent(validationOf(run, dpo)),
      ...ends("ilrGain", sft && pairedDifference(end, lastPoint(sft))),
      ...ends("dpoGain", sft && pairedDifference(best, lastPoint(sft))),
      ...ends("difference", pairedDifference(end, best)),
      ...{ ilrKl: end.kl?.value ?? null, dpoKl: best.kl?.value ?? null },
      ...{ matched: near?.arm ?? null, matchedRound: near?.point.round ?? null },
      matchedKl: near?.point.kl?.value ?? null,
      ...ends("matchedDifference", near && pairedDifference(end, near.point)),
    };
  });
  return from(rows);
}

interface Source {
  readonly noisyOracle: number;
  readonly errors: "by-pair" | "by-question" | "redrawn";
}

function sourceOf(description: Arm | undefined): Source | undefined {
  const comparisons = description?.comparisons;
  if (typeof comparisons !== "object" || !("noisyOracle" in comparisons)) return undefined;
  return { noisyOracle: comparisons.noisyOracle, errors: comparisons.errors ?? "by-pair" };
}

const isSame = (a: Source, b: Source): boolean => a.noisyOracle === b.noisyOracle && a.errors === b.errors;

/** @throws LabError `input-missing` when there are several and none was held against validation questions. */
function bestByValidation(run: RunRecord, dpos: readonly ArmCurve[]): ArmCurve {
  if (dpos.length === 1) return dpos[0]!;
  const scored = dpos.flatMap((curve) => {
    const accuracy = validationOf(run, curve);
    return accuracy === null ? [] : [{ curve, accuracy }];
  });
  if (scored.length < dpos.length) {
    throw new LabError("input-missing", `no validation accuracy of ${dpos.map(({ arm }) => arm).join(", ")}`, {
      hint: "run the experiment with validate: true, as micro-math/phase is",
    });
  }
  return scored.reduce((best, other) => (other.accuracy > best.accuracy ? other : best)).curve;
}

/** On the validation split, at the last round, mean over seeds. */
function validationOf({ points }: RunRecord, curve: ArmCurve): number | null {
  const { round } = lastPoint(curve);
  const shares = points.flatMap((point) =>
    point.arm === curve.arm && point.round === round ? [point.validationAccuracy] : [],
  );
  if (shares.some((share) => share === null)) return null;
  return shares.reduce<number>((sum, share) => sum + share!, 0) / shares.length;
}

/** Estimates below this are noise around zero: as near to each other as can be told. In nats. */
const smallestKl = 0.001;

function nearestInKl(
  { kl: wanted }: CurvePoint,
  curves: readonly ArmCurve[],
): { readonly arm: string; readonly point: CurvePoint } | null {
  if (wanted === null) return null;
  const log = (kl: Interval): number => Math.log(Math.max(smallestKl, kl.value));
  const points = curves.flatMap(({ arm, points: all }) =>
    all.flatMap((point) =>
      point.kl === null ? [] : [{ arm, point, distance: Math.abs(log(point.kl) - log(wanted)) }],
    ),
  );
  return points.length === 0 ? null : points.reduce((best, other) => (other.distance < best.distance ? other : best));
}

function ends(name: string, interval: Interval | null | undefined): Record<string, number | null> {
  return {
    [name]: percent(interval?.value),
    [`${name}Low`]: percent(interval?.low),
    [`${name}High`]: percent(interval?.high),
  };
}

function percent(share: number | null | undefined): number | null {
  return share === null || share === undefined ? null : 100 * share;
}

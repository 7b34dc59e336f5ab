import type { Arm, RunRecord } from "../experiments/index.js";
import { bestByValidation } from "./best-by-validation.js";
import { type ArmCurve, armCurves, type CurvePoint, lastPoint, pairedDifference, sftCurve } from "./curves.js";
import type { Interval } from "./statistics/index.js";

/** What a noisy oracle's errors go with. */
export type OracleErrors = NonNullable<Extract<NonNullable<Arm["comparisons"]>, { noisyOracle: number }>["errors"]>;

/** ILR against DPO where both get the same comparisons: one place of the phase diagram. Shares are 0 to 1. */
export interface PhaseCell {
  /** How often comparisons prefer the correct answer, by construction. */
  readonly accuracy: number;
  readonly errors: OracleErrors;
  /** The most that ILR may replace in a round, as a share of the labels (of the disputed ones with flag F2 as released). */
  readonly alpha: number;
  readonly ilr: PhaseSide;
  readonly dpo: PhaseSide;
  /** DPO's learning rate, and its accuracy on the validation split; null where there was nothing to choose. */
  readonly lr: number;
  readonly validation: number | null;
  /** ILR minus DPO, paired, with its 95 % interval; null where they share no seed. */
  readonly difference: Interval | null;
  /** The same against the DPO, of any round and rate, that is nearest to ILR in divergence from SFT; null where none is known. */
  readonly matched: MatchedSide | null;
}

/** A point of a cell. */
export interface PhaseSide {
  readonly arm: string;
  readonly round: number;
  /** Divergence from SFT, nats an answer. */
  readonly kl: number | null;
  /** Over SFT, paired. */
  readonly gain: Interval | null;
}

/** DPO at about the divergence of ILR. */
export interface MatchedSide extends PhaseSide {
  /** How many times as far from SFT the farther of the two is, 1 or more. */
  readonly ratio: number;
  /** ILR minus this, paired. */
  readonly difference: Interval | null;
}

/**
 * The phase diagram's cells: every arm of ILR with a noisy oracle against DPO with the same oracle, both at their last rounds. Of several arms of DPO
 * (learning rates, betas) the best on the validation split stands for it (`bestByValidation`): no test question has a say. If some have the cell's
 * alpha, one of these. Arms that change their loss, pairs or proposals are left out.
 *
 * @returns errors that are redrawn first, then by alpha and accuracy, ascending.
 * @throws LabError `input-missing` where there is a choice and no validation accuracy.
 */
export function phaseCells(run: RunRecord): readonly PhaseCell[] {
  const arms = armCurves(run).flatMap((curve) => placeOf(run, curve) ?? []);
  const sft = sftCurve(run);
  const cells = arms.flatMap((ilr) => {
    const rivals = ilr.curve.method === "ilr" ? rivalsOf(ilr, arms) : [];
    return rivals.length === 0 ? [] : [cellOf(run, ilr, rivals, sft && lastPoint(sft))];
  });
  const kinds: readonly OracleErrors[] = ["by-pair", "redrawn", "by-question"];
  return cells.sort(
    (a, b) => kinds.indexOf(a.errors) - kinds.indexOf(b.errors) || a.alpha - b.alpha || a.accuracy - b.accuracy,
  );
}

/** Where an arm stands in the diagram. */
interface Place {
  readonly curve: ArmCurve;
  readonly accuracy: number;
  readonly errors: OracleErrors;
  readonly alpha: number;
  readonly ownAlpha: boolean;
}

/** Undefined for arms without a noisy oracle, and for those that change more than what the diagram is about. */
function placeOf(run: RunRecord, curve: ArmCurve): Place | undefined {
  const { method, description } = curve;
  if (description === undefined || (method !== "ilr" && method !== "dpo")) return undefined;
  const { comparisons, alpha, loss, labelSmoothing, fidelity, pairs, proposals } = description;
  if (typeof comparisons !== "object" || !("noisyOracle" in comparisons)) return undefined;
  if ([loss, labelSmoothing, fidelity, pairs, proposals].some((change) => change !== undefined)) return undefined;
  return {
    ...{ curve, accuracy: comparisons.noisyOracle, errors: comparisons.errors ?? "by-pair" },
    ...{ alpha: alpha ?? run.provenance.experiment.alpha, ownAlpha: alpha !== undefined },
  };
}

/** DPO with the same comparisons. */
function rivalsOf(ilr: Place, arms: readonly Place[]): readonly ArmCurve[] {
  const same = arms.filter(
    ({ curve, accuracy, errors }) => curve.method === "dpo" && accuracy === ilr.accuracy && errors === ilr.errors,
  );
  const ofAlpha = same.filter(({ alpha, ownAlpha }) => ownAlpha && alpha === ilr.alpha);
  const chosen = ofAlpha.length > 0 ? ofAlpha : same.filter(({ ownAlpha }) => !ownAlpha);
  return (chosen.length > 0 ? chosen : same).map(({ curve }) => curve);
}

function cellOf(run: RunRecord, place: Place, rivals: readonly ArmCurve[], sft: CurvePoint | undefined): PhaseCell {
  const names = rivals.map(({ arm }) => arm);
  const { arm, candidates } = bestByValidation(run, names);
  const dpo = rivals[names.indexOf(arm)]!;
  const [end, best] = [lastPoint(place.curve), lastPoint(dpo)];
  const { accuracy, errors, alpha } = place;
  return {
    ...{ accuracy, errors, alpha, ilr: sideOf(place.curve, end, sft), dpo: sideOf(dpo, best, sft) },
    lr: dpo.description?.lr ?? run.provenance.experiment.recipe.dpo.optimizer.lr,
    validation: candidates[names.indexOf(arm)]!.validationAccuracy,
    difference: pairedDifference(end, best),
    matched: nearestInKl(end, rivals, sft),
  };
}

function sideOf({ arm }: ArmCurve, point: CurvePoint, sft: CurvePoint | undefined): PhaseSide {
  const gain = sft === undefined ? null : pairedDifference(point, sft);
  return { arm, round: point.round, kl: point.kl?.value ?? null, gain };
}

/** Estimates below this are noise around zero: as near to each other as can be told. In nats. */
const smallestKl = 0.001;

/** Divergences alone decide what is compared, accuracies have no say. */
function nearestInKl(end: CurvePoint, curves: readonly ArmCurve[], sft: CurvePoint | undefined): MatchedSide | null {
  const wanted = end.kl;
  if (wanted === null) return null;
  const log = (kl: Interval): number => Math.log(Math.max(smallestKl, kl.value));
  const points = curves.flatMap((curve) =>
    curve.points.flatMap((point) =>
      point.kl === null ? [] : [{ curve, point, ratio: Math.exp(Math.abs(log(point.kl) - log(wanted))) }],
    ),
  );
  if (points.length === 0) return null;
  const { curve, point, ratio } = points.reduce((best, other) => (other.ratio < best.ratio ? other : best));
  return { ...sideOf(curve, point, sft), ratio, difference: pairedDifference(end, point) };
}

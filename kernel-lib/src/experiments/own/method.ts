/** Methods as values: an arm of an experiment, and the functions of the user's that it calls. */

import { LabError } from "../../core/index.js";
import type { LossFormula, OwnComparisons, RefinementRule } from "../../methods/index.js";
import type { ArmInput } from "../config/arms.js";

/** A function of the user's that an arm may name. */
export type Own = OwnComparisons | RefinementRule;

/** An arm of an experiment, with the functions that it names. */
export interface Method {
  readonly arm: ArmInput;
  readonly own: readonly Own[];
}

/** Fields of an arm that ILR and DPO have. */
interface CommonFields extends Partial<Pick<ArmInput, "name" | "rounds" | "alpha" | "lr" | "fidelity">> {
  /** One of the kit's by name, a noisy oracle by its accuracy, or one of your own (`comparisonSource`). Default: "evaluator". */
  readonly comparisons?: Exclude<ArmInput["comparisons"], undefined> | OwnComparisons;
}

export interface IlrFields extends CommonFields, Pick<ArmInput, "proposals"> {
  /** A rule of your own (`refinementRule`), in place of the paper's. */
  readonly refine?: RefinementRule;
}

export interface DpoFields extends CommonFields, Pick<ArmInput, "beta" | "labelSmoothing" | "pairs"> {
  /** In place of the recipe's: "sigmoid", "ipo", or a loss of your own (`preferenceLoss`, or `{ formula }`). */
  readonly loss?: ArmInput["loss"] | LossFormula;
}

/** A method of the paper that can be changed. */
export interface Changeable<Fields> extends Method {
  /** The same method with other fields. Without a `name` it is called after what was changed. */
  with(fields: Fields): Changeable<Fields>;
}

/**
 * The paper's ILR, with the evaluator's comparisons.
 *
 * @throws LabError `config-invalid` from `with`, for a bare function in place of a source or a rule.
 * @example
 * ilr.with({ comparisons: { noisyOracle: 0.9 }, alpha: 0.3 }); // "ILR (noisy oracle 0.9, alpha 0.3)"
 */
export const ilr: Changeable<IlrFields> = changeable("ilr", "ILR", {});

/**
 * The paper's DPO, with the evaluator's comparisons.
 *
 * @example
 * dpo.with({ loss: "ipo" }); // "DPO (evaluator, ipo)"
 */
export const dpo: Changeable<DpoFields> = changeable("dpo", "DPO", {});

type Fields = IlrFields & DpoFields;

function changeable<F extends IlrFields | DpoFields>(method: "ilr" | "dpo", title: string, fields: F): Changeable<F> {
  const { comparisons = "evaluator", refine, loss, ...others }: Fields = given(fields);
  if (typeof comparisons === "function") throw notNamed("comparisons", "comparisonSource");
  if (refine !== undefined && !isOwn(refine)) throw notNamed("refine", "refinementRule");
  const own = [comparisons, refine].filter(isOwn);
  const arm: ArmInput = {
    name: `${title} (${changesOf(given(fields)).join(", ")})`,
    method,
    ...others,
    comparisons: isOwn(comparisons) ? referenceTo(comparisons) : comparisons,
    ...(refine && { refine: referenceTo(refine) }),
    ...(loss && { loss: typeof loss === "string" ? loss : { formula: loss.formula } }),
  };
  return { arm, own, with: (changes) => changeable(method, title, { ...fields, ...changes }) };
}

/** What sets an arm apart, in words: where its comparisons come from, and what is not as usual. */
function changesOf({
  comparisons = "evaluator",
  refine,
  loss,
  name: _,
  fidelity: __,
  ...numbers
}: Fields): readonly string[] {
  return [
    sourceName(comparisons),
    ...(refine ? [refine.name] : []),
    ...(loss ? [lossName(loss)] : []),
    ...Object.entries(numbers).map(([field, value]) => `${field} ${value}`),
  ];
}

function sourceName(comparisons: NonNullable<Fields["comparisons"]>): string {
  if (typeof comparisons === "string") return comparisons;
  if ("noisyOracle" in comparisons) {
    const { noisyOracle, errors } = comparisons;
    return `noisy oracle ${noisyOracle}${errors ? `, errors ${errors}` : ""}`;
  }
  return isOwn(comparisons) ? comparisons.name : comparisons.own;
}

function lossName(loss: NonNullable<Fields["loss"]>): string {
  if (typeof loss === "string") return loss;
  return "name" in loss ? loss.name : loss.formula;
}

function referenceTo({ name, code }: Own): { readonly own: string; readonly digest: string } {
  return { own: name, digest: code.digest };
}

/** Without fields that are undefined: they are as usual. */
function given<F extends object>(fields: F): F {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as F;
}

function notNamed(field: string, make: string): LabError {
  return new LabError("config-invalid", `${field} is not a value that ${make} makes`, {
    hint: `give your function a name: ${field}: ${make}("my own", ...)`,
  });
}

function isOwn(value: unknown): value is Own {
  const kind = (value as { readonly kind?: unknown } | undefined)?.kind;
  return kind === "comparison-source" || kind === "refinement-rule";
}

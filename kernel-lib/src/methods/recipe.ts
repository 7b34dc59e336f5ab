import type { Decoding, ParamsInput } from "../steps/index.js";

/** How losses are weighted is a matter of fidelity (F6). */
export type SftParams = Omit<ParamsInput<"sft">, "lossWeighting">;

/** Hyperparameters of every training and sampling step of an experiment (the paper's Table 1, or a scaled-down twin). */
export interface Recipe {
  /** Training of the weak supervisor on ground truth; `checkpoints` are kept for the evaluator's negatives. */
  readonly weak: SftParams;
  /** Training of the student, and of the two half models of ILR. */
  readonly student: SftParams;
  readonly evaluator: ParamsInput<"evaluator">;
  readonly dpo: ParamsInput<"dpo">;
  /** Temperature at which the weak checkpoints answer for the evaluator's training pairs (paper: 0.6). */
  readonly evaluatorTemperature: number;
  /** Where the evaluator's training pairs come from. Default: `by-score`. */
  readonly evaluatorPairs?: "by-score" | "one-sided" | undefined;
  /** Temperature of weak labels and of ILR's proposals (SaferPaca as released: 1). Default: 0. */
  readonly labelTemperature?: number | undefined;
  /** How answers to be compared by DPO are sampled (paper: 6 at temperature 0.7, paired (1,2) (3,4) (5,6)). */
  readonly preferenceSampling: { readonly temperature: number; readonly samples: number };
  /** Share of preference pairs that DPO keeps, and cap on the share of labels that ILR replaces (paper: 0.15). */
  readonly alpha: number;
}

/**
 * Where the released code and the paper's description part. `as-described` follows the text, `as-released` the code
 * (github.com/helloelwin/iterative-label-refinement at 3ab48d3), to the letter.
 */
export interface Fidelity {
  /** F1: DPO's evaluator scores; as released both prompts have the same order, so every score is 0.5 up to rounding. */
  readonly dpoEvaluatorOrder: Variant;
  /**
   * F2: what alpha is a share of, for ILR: of all labels, or (as released) of the disagreeing ones. Naive ILR replaces other labels in every
   * round, or (as released) the same ones.
   */
  readonly alphaBase: Variant;
  /** F3: oracle ILR: capped by alpha like every other source, or (as released) uncapped. */
  readonly oracleCap: Variant;
  /** F4: whether the evaluator, trained without BOS, is asked without it, or (as released) with it, if its tokenizer has one. */
  readonly evaluatorBos: Variant;
  /** F5: answers at temperature 0: greedy, or (as released) beam search of width 4. */
  readonly decoding: Variant;
  /** F6: SFT's loss is the mean over the tokens of a batch, or (as released) over its examples, each the mean over its tokens. */
  readonly lossWeighting: Variant;
  /** F7: DPO's frozen reference: the SFT model, or (as released) the last round's model. */
  readonly dpoReference: Variant;
  /** F8: a judge sees a pair in both orders, or (as released) the prediction always as output A. */
  readonly judgeOrder: Variant;
  /** F9: oracle DPO: pairs ranked by how informative they are, or (as released) a boolean score with ties counted as wins. */
  readonly oraclePairs: Variant;
}
export type Variant = "as-described" | "as-released";

/** Number format of the steps that ask a model: that of its training. */
export function precisionOf({ precision }: { readonly precision?: Precision | undefined }): {
  readonly precision?: Precision;
} {
  return precision === undefined ? {} : { precision };
}
type Precision = NonNullable<ParamsInput<"sft">["precision"]>;

/** How labels and proposals are decoded: at temperature 0, unless the recipe says otherwise. */
export function labelDecoding({ labelTemperature: temperature }: Recipe, fidelity: Fidelity): Decoding {
  return temperature === undefined
    ? zeroTemperatureDecoding(fidelity)
    : { kind: "temperature", temperature, samples: 1 };
}

/** How answers at temperature 0 are decoded under F5. */
export function zeroTemperatureDecoding(fidelity: Fidelity): Decoding {
  return fidelity.decoding === "as-released" ? { kind: "beam", width: 4 } : { kind: "greedy" };
}

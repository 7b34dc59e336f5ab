/** What training minimises, as a function of the targets' log-probabilities. */
import { Tensor } from "onnxruntime-node";
import { type PreferenceLoss, parseFormula } from "../steps/index.js";
import { formulaOf } from "./autodiff/formula.js";
import { blend, combine, logSigmoid, squaredDistance, weightedSum } from "./autodiff/loss.js";
import type { Tape } from "./autodiff/tape.js";
import type { Feeds } from "./batch.js";
import type { Value } from "./onnx/graph.js";

/** Writes a loss over log-probabilities [m, 1] (nats); may declare graph inputs and report further values. */
export interface Objective {
  write(tape: Tape, logprobs: Value): { readonly loss: Value; readonly reports: Readonly<Record<string, Value>> };
}

/** Negative log-likelihood, each row of weight `weights` [m, 1] (a fed input). */
export const weightedLikelihood: Objective = {
  write(tape, logprobs) {
    const weights = tape.graph.input("weights", "float32", logprobs.shape);
    return { loss: weightedSum(tape, logprobs, weights), reports: { logprobs } };
  },
};

/** Feeds of `weightedLikelihood`: row weights that sum to 1 for a mean. */
export function likelihoodFeeds(weights: readonly number[]): Feeds {
  return {
    weights: new Tensor(
      "float32",
      Float32Array.from(weights, (weight) => -weight),
      [weights.length, 1],
    ),
  };
}

export interface PreferenceOptions {
  readonly beta: number;
  readonly loss: PreferenceLoss;
  /** Probability that a comparison is the wrong way round (conservative DPO). */
  readonly labelSmoothing: number;
}

/**
 * Direct preference optimization (Rafailov et al. 2023, eq. 7), its conservative form with label smoothing, or IPO (Azar et al. 2023,
 * eq. 17). The margin of a pair is log pi(chosen)/ref(chosen) - log pi(rejected)/ref(rejected); IPO takes means over each answer's
 * tokens instead of sums, as TRL does. A formula stands for any other loss of the margin.
 */
export function preference({ beta, loss, labelSmoothing }: PreferenceOptions): Objective {
  return {
    write(tape, logprobs) {
      const { graph } = tape;
      const signs = graph.input("signs", "float32", ["pairs", logprobs.shape[0]!]);
      const offset = graph.input("offset", "float32", ["pairs", 1]);
      const weights = graph.input("pairWeights", "float32", ["pairs", 1]);
      const margins = combine(tape, signs, logprobs, offset);
      const perPair = pairLosses(tape, margins, { beta, loss, labelSmoothing });
      return { loss: weightedSum(tape, perPair, weights), reports: { logprobs, margins } };
    },
  };
}

function pairLosses(tape: Tape, margins: Value, { beta, loss, labelSmoothing }: PreferenceOptions): Value {
  if (loss === "ipo") return ipo(tape, margins, beta);
  if (loss === "sigmoid") return sigmoid(tape, margins, beta, labelSmoothing);
  const formula = parseFormula(loss.formula);
  const forward = formulaOf(tape, formula, { margin: margins, beta });
  if (labelSmoothing === 0) return forward;
  const backward = formulaOf(tape, formula, { margin: blend(tape, margins, -1), beta });
  return blend(tape, forward, 1 - labelSmoothing, backward, labelSmoothing);
}

/** -(1 - smoothing) log sigmoid(beta h) - smoothing log sigmoid(-beta h). */
function sigmoid(tape: Tape, margins: Value, beta: number, smoothing: number): Value {
  const forward = logSigmoid(tape, margins, beta);
  if (smoothing === 0) return blend(tape, forward, -1);
  return blend(tape, forward, smoothing - 1, logSigmoid(tape, margins, -beta), -smoothing);
}

/** (h - 1 / (2 beta))^2. */
function ipo(tape: Tape, margins: Value, beta: number): Value {
  return squaredDistance(tape, margins, 1 / (2 * beta));
}

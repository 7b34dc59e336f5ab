import { parseFormula } from "../../steps/index.js";

/** A preference loss of your own. It is data: whoever has the formula can run it, on every trainer. */
export interface LossFormula {
  readonly kind: "preference-loss";
  readonly name: string;
  readonly formula: string;
}

/**
 * A preference loss of your own for DPO: what training minimises for a pair, as a formula in
 *
 * - `margin`: log pi(chosen)/ref(chosen) - log pi(rejected)/ref(rejected), in nats, sums over the answers' tokens;
 * - `beta`: the arm's or the recipe's strength of the anchor.
 *
 * It may use numbers, + - * /, parentheses, and exp, log, sqrt, square, abs, tanh, sigmoid, log_sigmoid, softplus, max and min. Trainers find the
 * slope themselves. A useful loss falls as the margin grows.
 *
 * @param name for figures.
 * @throws LabError `config-invalid` naming what of the formula cannot be read.
 * @example
 * const hinge = preferenceLoss("hinge", "max(0, 1 - beta * margin)"); // SLiC-HF
 * const same = preferenceLoss("DPO's own", "-log_sigmoid(beta * margin)");
 * const run = await lab.run("micro-math/quick", { methods: [dpo.with({ loss: hinge })] });
 */
export function preferenceLoss(name: string, formula: string): LossFormula {
  parseFormula(formula);
  return { kind: "preference-loss", name, formula };
}

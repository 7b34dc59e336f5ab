import type { Artifact, PreferenceLoss } from "../steps/index.js";
import { type GradedAnswer, test } from "./answer.js";
import { type PairRecord, type PreferenceOptions, preferencesOf } from "./preferences.js";
import type { Setting } from "./setting.js";

export interface DpoOptions extends PreferenceOptions {
  readonly rounds: number;
  readonly beta?: number;
  /** In place of the recipe's: IPO, conservative DPO, or a formula. */
  readonly loss?: PreferenceLoss;
  readonly labelSmoothing?: number;
  /** For labels of steps and arms. */
  readonly name: string;
}

export interface DpoRound {
  readonly round: number;
  readonly model: Artifact;
  readonly pairs: Artifact<PairRecord>;
  readonly test: Artifact<GradedAnswer>;
}

/**
 * Direct preference optimization in rounds (Sec. 4 of the paper): the policy answers every question several times,
 * the comparison source judges pairs of its answers, DPO trains on the most confident, and the next round starts from
 * the result. The frozen reference is the SFT model (as released, F7: the last round's model).
 */
export async function* dpo(setting: Setting, start: Artifact, options: DpoOptions): AsyncGenerator<DpoRound> {
  const { runner, recipe, seed, fidelity } = setting;
  const { beta = recipe.dpo.beta, loss = recipe.dpo.loss, labelSmoothing = recipe.dpo.labelSmoothing } = options;
  const params = { ...recipe.dpo, beta, loss, labelSmoothing };
  // F7: the anchor of the KL term is SFT, or (as released) moves along with the policy.
  const anchor = fidelity.dpoReference === "as-released" ? {} : { reference: start };
  let policy = start;
  for (let round = 1; round <= options.rounds; round++) {
    const label = `${options.name} round ${round}`;
    const { preferences, records } = await preferencesOf(setting, policy, options, { round, label });
    // Nothing to learn from (no pair is confident, or F3 drops them all): the policy stays as it is.
    if (preferences.rows !== 0) {
      const inputs = { model: policy, pairs: preferences, ...(policy !== start && anchor) };
      policy = (await runner.step("dpo", params, inputs, { seed: seed + round, label })).model!;
    }
    yield { round, model: policy, pairs: records, test: await test(setting, policy, label) };
  }
}

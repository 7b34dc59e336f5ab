import type { AnswerRow, Artifact, LogprobScore, PromptRow } from "../steps/index.js";
import { answer } from "./answer.js";
import { precisionOf } from "./recipe.js";
import type { Setting } from "./setting.js";

/** One sampled answer under two models; the mean of `policy - reference` estimates their KL divergence in nats. */
export interface KlRow {
  readonly id: string;
  readonly policy: number;
  readonly reference: number;
}

/**
 * KL(policy || reference) per answer, by one sample at temperature 1 for every validation question (unbiased for the
 * sequence-level divergence; figure 3b's x-axis). Samples cut off at the length limit are left out.
 */
export async function klDivergence(
  setting: Setting,
  policy: Artifact,
  reference: Artifact,
  label: string,
): Promise<Artifact<KlRow>> {
  const { runner, seed, validation, recipe } = setting;
  const decoding = { kind: "temperature", temperature: 1, samples: 1 } as const;
  const answers = await answer(setting, policy, validation, `${label}: samples for KL`, decoding);
  const { finished } = await runner.derive<
    { answers: AnswerRow; prompts: PromptRow },
    { finished: PromptRow & { readonly answer: string } }
  >(
    "kl/rows",
    {},
    { answers, prompts: validation.prompts },
    { label: `${label}: finished samples`, expectRows: { finished: answers.rows ?? 0 } },
    (tables) => {
      const prompts = new Map(tables.prompts.map(({ id, prompt }) => [id, prompt]));
      // A cut-off sample has no EOS, while scoring always counts one: leave it out.
      return {
        finished: tables.answers
          .filter((row) => row.finished)
          .map((row) => ({ id: row.id, prompt: prompts.get(row.id)!, answer: row.answer })),
      };
    },
  );
  const score = (model: Artifact): Promise<Artifact<LogprobScore>> =>
    runner
      .step(
        "score",
        { kind: "logprob", ...precisionOf(recipe.student) },
        { model, rows: finished },
        { seed, label: `${label}: log-probabilities` },
      )
      .then(({ scores }) => scores as Artifact<LogprobScore>);
  const [ofPolicy, ofReference] = await Promise.all([score(policy), score(reference)]);
  const { kl } = await runner.derive<{ policy: LogprobScore; reference: LogprobScore }, { kl: KlRow }>(
    "kl/divergence",
    {},
    { policy: ofPolicy, reference: ofReference },
    { label: `${label}: KL`, expectRows: { kl: finished.rows ?? 0 } },
    (tables) => ({
      kl: tables.policy.map(({ id, logprob }, i) => ({ id, policy: logprob, reference: tables.reference[i]!.logprob })),
    }),
  );
  return kl;
}

import type { Artifact, Demonstration, PreferencePair } from "../steps/index.js";
import { test } from "./answer.js";
import type { DpoRound } from "./dpo.js";
import { type PreferenceOptions, preferencesOf } from "./preferences.js";
import type { Setting } from "./setting.js";
import { sft } from "./sft.js";

export interface SftOnChosenOptions extends PreferenceOptions {
  /**
   * Where each round's training starts: from the last round's model (`sft`: the first one is SFT's), on this round's chosen answers; or
   * from the pretrained weights, on the chosen answers of all rounds so far, because nothing else is carried over.
   */
  readonly from: "sft" | "pretrained";
  readonly rounds: number;
  /** For labels of steps and arms. */
  readonly name: string;
}

/**
 * Supervised fine-tuning on the chosen answers of DPO's pairs (asked for by the paper's reviewers): the same samples, comparisons and
 * selection as DPO round by round, but nothing is learned from the rejected answers. Malformed answers are dropped, as in every SFT.
 *
 * @throws LabError `step-failed` when there are chosen answers and none is well-formed.
 * @example
 * for await (const { test } of sftOnChosen(setting, student, { comparisons, from: "sft", rounds: 3, name: "SFT on chosen" })) console.log(test);
 */
export async function* sftOnChosen(
  setting: Setting,
  start: Artifact,
  options: SftOnChosenOptions,
): AsyncGenerator<DpoRound> {
  const { seed, bases } = setting;
  const isFresh = options.from === "pretrained";
  let policy = start;
  let earlier: Artifact<Demonstration> | undefined;
  for (let round = 1; round <= options.rounds; round++) {
    const label = `${options.name} round ${round}`;
    const { preferences, records } = await preferencesOf(setting, policy, options, { round, label });
    const chosen = await chosenAnswers(setting, preferences, earlier, { round, label });
    // Nothing was chosen: the policy stays as it is.
    if (chosen.rows !== 0) {
      const base = isFresh ? bases.strong : policy;
      policy = (await sft({ ...setting, seed: seed + round }, base, chosen, label)).model;
    }
    if (isFresh) earlier = chosen;
    yield { round, model: policy, pairs: records, test: await test(setting, policy, label) };
  }
}

/** The chosen answers as demonstrations, after those of earlier rounds. */
async function chosenAnswers(
  { runner }: Setting,
  preferences: Artifact<PreferencePair>,
  earlier: Artifact<Demonstration> | undefined,
  { round, label }: { readonly round: number; readonly label: string },
): Promise<Artifact<Demonstration>> {
  const { chosen } = await runner.derive<
    { preferences: PreferencePair; earlier?: Demonstration },
    { chosen: Demonstration }
  >(
    "sft/chosen",
    { round },
    { preferences, ...(earlier && { earlier }) },
    {
      label: `${label}: chosen answers`,
      expectRows: { chosen: (earlier?.rows ?? 0) + (preferences.rows ?? 0) },
    },
    (tables) => ({
      chosen: [
        ...((tables.earlier ?? []) as readonly Demonstration[]),
        ...tables.preferences.map(({ id, prompt, chosen: answer }) => ({ id: `${id}/${round}`, prompt, answer })),
      ],
    }),
  );
  return chosen;
}

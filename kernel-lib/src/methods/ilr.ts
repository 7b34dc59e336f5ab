import type { Artifact, Demonstration } from "../steps/index.js";
import { type GradedAnswer, test } from "./answer.js";
import { crossLabel, type Propose } from "./cross-label.js";
import type { LabelRecord, Refine } from "./refinement.js";
import type { Setting } from "./setting.js";
import { sft } from "./sft.js";

export interface IlrOptions {
  /** How proposals are compared with labels, and which replace them: `refineByComparison`, `replaceAtRandom`, or your own. */
  readonly refine: Refine;
  /** Where proposals come from. Default: `crossLabel`, the paper's. */
  readonly propose?: Propose;
  readonly rounds: number;
  /** For labels of steps and arms. */
  readonly name: string;
}

export interface IlrRound {
  readonly round: number;
  /** The refined labels, and what happened to each. */
  readonly labels: Artifact<Demonstration>;
  readonly records: Artifact<LabelRecord>;
  readonly model: Artifact;
  readonly test: Artifact<GradedAnswer>;
}

/**
 * Iterative label refinement (Algorithm 1): comparisons are spent on the training data, not on the model. Each round two
 * models, each trained on one half of the labelled set, propose answers for the other half; proposals that are judged
 * better replace labels; the student is trained afresh from the pretrained weights on the refined labels.
 *
 * @param start the labelled set D_0: weak labels of the unlabelled questions.
 */
export async function* ilr(
  setting: Setting,
  start: Artifact<Demonstration>,
  { refine, propose = crossLabel, rounds, name }: IlrOptions,
): AsyncGenerator<IlrRound> {
  let labels = start;
  for (let round = 1; round <= rounds; round++) {
    const label = `${name} round ${round}`;
    const proposals = await propose(setting, labels, { round, label });
    const refined = await refine(setting, { labels, proposals, round, label });
    const { model } = await sft(setting, setting.bases.strong, refined.labels, `${label}: student`);
    yield { round, model, ...refined, test: await test(setting, model, label) };
    labels = refined.labels;
  }
}

import { seededRandom } from "../core/index.js";
import type { AnswerRow, Artifact, Demonstration, PromptRow } from "../steps/index.js";
import { labelDecoding, precisionOf } from "./recipe.js";
import type { Setting } from "./setting.js";
import { sft } from "./sft.js";

/** A way to get one proposal for each label, in the labels' order. */
export type Propose = (
  setting: Setting,
  labels: Artifact<Demonstration>,
  options: { readonly round: number; readonly label: string },
) => Promise<Artifact<AnswerRow>>;

type Halves = { first: Demonstration; second: Demonstration };

/**
 * Proposals for every labelled question by a model that was not trained on its label: the set is split in two halves,
 * a model is trained from the pretrained weights on each, and answers the questions of the other.
 * @returns one answer for each label, in the labels' order.
 */
export async function crossLabel(
  setting: Setting,
  labels: Artifact<Demonstration>,
  { round, label }: { readonly round: number; readonly label: string },
): Promise<Artifact<AnswerRow>> {
  const halves = await splitInHalves(setting, labels, round, label);
  const [byFirst, bySecond] = await Promise.all([
    proposeFor(setting, halves.first, halves.second, `${label}: half model 1`),
    proposeFor(setting, halves.second, halves.first, `${label}: half model 2`),
  ]);
  const { proposals } = await setting.runner.derive<
    { labels: Demonstration; byFirst: AnswerRow; bySecond: AnswerRow },
    { proposals: AnswerRow }
  >(
    "ilr/proposals",
    {},
    { labels, byFirst, bySecond },
    { label: `${label}: proposals`, expectRows: { proposals: labels.rows ?? 0 } },
    (tables) => {
      const byId = new Map([...tables.byFirst, ...tables.bySecond].map((row) => [row.id, row]));
      return { proposals: tables.labels.map(({ id }) => byId.get(id)!) };
    },
  );
  return proposals;
}

async function splitInHalves(
  setting: Setting,
  labels: Artifact<Demonstration>,
  round: number,
  label: string,
): Promise<{ readonly [K in keyof Halves]: Artifact<Demonstration> }> {
  const { seed, runner } = setting;
  const rows = labels.rows ?? 0;
  return runner.derive<{ labels: Demonstration }, Halves>(
    "ilr/halves",
    { seed, round },
    { labels },
    { label: `${label}: halves`, expectRows: { first: Math.ceil(rows / 2), second: Math.floor(rows / 2) } },
    (tables) => {
      const shuffled = seededRandom("ilr/halves", seed, round).shuffle(tables.labels);
      const cut = Math.ceil(shuffled.length / 2);
      return { first: shuffled.slice(0, cut), second: shuffled.slice(cut) };
    },
  );
}

/** Trains on some labels (one half) and answers the questions of some (the other). */
export async function proposeFor(
  setting: Setting,
  trainedOn: Artifact<Demonstration>,
  answered: Artifact<Demonstration>,
  label: string,
): Promise<Artifact<AnswerRow>> {
  const { runner, task, seed } = setting;
  const { model } = await sft(setting, setting.bases.strong, trainedOn, label);
  const { prompts } = await runner.derive<{ answered: Demonstration }, { prompts: PromptRow }>(
    "ilr/prompts",
    {},
    { answered },
    { label: `${label}: prompts`, expectRows: { prompts: answered.rows ?? 0 } },
    (tables) => ({ prompts: tables.answered.map(({ id, prompt }) => ({ id, prompt })) }),
  );
  const { answers } = await runner.step(
    "sample",
    {
      decoding: labelDecoding(setting.recipe, setting.fidelity),
      maxAnswerTokens: task.maxAnswerTokens,
      ...precisionOf(setting.recipe.student),
    },
    { model, prompts },
    { seed, label: `${label}: proposals` },
  );
  return answers as Artifact<AnswerRow>;
}

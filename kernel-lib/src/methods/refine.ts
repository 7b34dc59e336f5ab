import { seededRandom } from "../core/index.js";
import type { AnswerRow, Artifact, Demonstration } from "../steps/index.js";
import type { Question } from "../tasks/index.js";
import type { AnswerPair, ComparisonSource, ScoredPair } from "./comparisons/index.js";
import type { Setting } from "./setting.js";

/** What a round of refinement did to one label. Correctness is for reports; no rule sees it. */
export interface LabelRecord {
  readonly id: string;
  readonly label: string;
  readonly proposal: string;
  /** Belief that the proposal is better; null where it was not compared (it agreed, or is malformed). */
  readonly score: number | null;
  readonly accepted: boolean;
  readonly labelCorrect: boolean;
  readonly proposalCorrect: boolean;
}

export interface Refinement {
  readonly labels: Artifact<Demonstration>;
  readonly records: Artifact<LabelRecord>;
}

export interface RefineInput {
  readonly labels: Artifact<Demonstration>;
  /** One proposal for each label, in the same order. */
  readonly proposals: Artifact<AnswerRow>;
  readonly round: number;
  readonly label: string;
}

/** A way to turn labels and proposals into better labels. */
export type Refine = (setting: Setting, input: RefineInput) => Promise<Refinement>;

/**
 * The paper's refinement: where proposal and label disagree the source compares them; the proposal replaces the label
 * where its score is above max(0.5, threshold). The threshold lets through at most a share alpha: of all labels
 * (as described), or of the disagreeing ones (F2, as released). As released the oracle is not capped (F3).
 */
export function refineByComparison(comparisons: ComparisonSource, alpha?: number): Refine {
  return async (setting, input) => {
    const { runner, task, fidelity, recipe, seed } = setting;
    const { disputes } = await runner.derive<{ labels: Demonstration; proposals: AnswerRow }, { disputes: AnswerPair }>(
      "ilr/disputes",
      { task: task.name },
      { labels: input.labels, proposals: input.proposals },
      { label: `${input.label}: disagreements`, expectRows: { disputes: Math.ceil((input.labels.rows ?? 0) / 2) } },
      ({ labels, proposals }) => ({
        disputes: labels.flatMap(({ id, answer: a }, i) => {
          const b = proposals[i]!.answer;
          return task.isWellFormed(b) && !task.agrees(b, a) ? [{ id, questionId: id, a, b }] : [];
        }),
      }),
    );
    const scored = await comparisons.score(setting, disputes, { label: `${input.label}: comparisons` });
    const uncapped = comparisons.name === "oracle" && fidelity.oracleCap === "as-released";
    const share = uncapped ? 1 : (alpha ?? recipe.alpha);
    const shareOfAll = fidelity.alphaBase === "as-described";
    return apply(setting, input, scored, "ilr/refine", { share, shareOfAll, seed }, (pairs, total) => {
      const cap = wholeShare(share, shareOfAll ? total : pairs.length);
      const confident = seededRandom("ilr/refine", seed, input.round)
        .shuffle(pairs)
        .filter(({ score }) => score > 0.5)
        .sort((x, y) => y.score - x.score);
      return confident.slice(0, cap).map(({ id }) => id);
    });
  };
}

/** Naive ILR (Sec. 5.2): a random share alpha of all labels is replaced, without comparing. */
export function replaceAtRandom(alpha?: number): Refine {
  return (setting, input) => {
    const share = alpha ?? setting.recipe.alpha;
    const { seed } = setting;
    return apply(setting, input, undefined, "ilr/replace-at-random", { share, seed }, (_, total, ids) =>
      seededRandom("ilr/replace-at-random", seed, input.round).shuffle(ids).slice(0, wholeShare(share, total)),
    );
  };
}

/** floor(share * total), where 0.29 of 100 is 29 although 0.29 * 100 is less in floating point. */
function wholeShare(share: number, total: number): number {
  return Math.floor(share * total + 1e-9);
}

type ApplyTables = { labels: Demonstration; proposals: AnswerRow; questions: Question; scored: ScoredPair };

/** Replaces the labels that `choose` names by their proposals. */
function apply(
  setting: Setting,
  { labels, proposals, round, label }: RefineInput,
  scored: Artifact<ScoredPair> | undefined,
  name: string,
  params: { readonly [key: string]: number | boolean },
  choose: (pairs: readonly ScoredPair[], total: number, ids: readonly string[]) => readonly string[],
): Promise<Refinement> {
  const { runner, task, unlabelled } = setting;
  const count = labels.rows ?? 0;
  const inputs = { labels, proposals, questions: unlabelled.questions };
  return runner.derive<ApplyTables, { labels: Demonstration; records: LabelRecord }>(
    name,
    { task: task.name, round, ...params },
    // Without comparisons the labels stand in for the table of scores, which `choose` then does not read.
    { ...inputs, scored: scored ?? (labels as Artifact as Artifact<ScoredPair>) },
    { label: `${label}: refined labels`, expectRows: { labels: count, records: count } },
    (tables) => {
      const references = new Map(tables.questions.map(({ id, reference }) => [id, reference]));
      const scores = new Map(scored ? tables.scored.map(({ id, score }) => [id, score]) : []);
      const ids = tables.labels.map(({ id }) => id);
      const accepted = new Set(choose(scored ? tables.scored : [], ids.length, ids));
      const correct = (id: string, text: string): boolean => task.score(text, references.get(id)!) === 1;
      return {
        labels: tables.labels.map((row, i) =>
          accepted.has(row.id) ? { ...row, answer: tables.proposals[i]!.answer } : row,
        ),
        records: tables.labels.map(({ id, answer }, i) => ({
          id,
          label: answer,
          proposal: tables.proposals[i]!.answer,
          score: scores.get(id) ?? null,
          accepted: accepted.has(id),
          labelCorrect: correct(id, answer),
          proposalCorrect: correct(id, tables.proposals[i]!.answer),
        })),
      };
    },
  );
}

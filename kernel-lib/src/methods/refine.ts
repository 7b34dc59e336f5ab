import { seededRandom } from "../core/index.js";
import type { AnswerRow, Artifact, Demonstration } from "../steps/index.js";
import { type Question, taskKey } from "../tasks/index.js";
import type { AnswerPair, ComparisonSource, ScoredPair } from "./comparisons/index.js";
import { isCostly, rightnessOf } from "./grading.js";
import type { Setting } from "./setting.js";

/** What a round of refinement did to one label. Correctness is for reports; no rule sees it. */
export interface LabelRecord {
  readonly id: string;
  readonly label: string;
  readonly proposal: string;
  /** Belief that the proposal is better; null where it was not compared (it agreed, or is malformed). */
  readonly score: number | null;
  readonly accepted: boolean;
  /** Null where only a judge could say. */
  readonly labelCorrect: boolean | null;
  readonly proposalCorrect: boolean | null;
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
    const { fidelity, recipe, seed } = setting;
    const disputes = await findDisputes(setting, input);
    const scored = await comparisons.score(setting, disputes, {
      label: `${input.label}: comparisons`,
      round: input.round,
    });
    const uncapped = comparisons.knowsTruth === true && fidelity.oracleCap === "as-released";
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

/** The labels that well-formed proposals disagree with. */
async function findDisputes(
  { runner, task, unlabelled }: Setting,
  { labels, proposals, label }: RefineInput,
): Promise<Artifact<AnswerPair>> {
  type Tables = { labels: Demonstration; proposals: AnswerRow; questions: Question };
  const { disputes } = await runner.derive<Tables, { disputes: AnswerPair }>(
    "ilr/disputes",
    { task: taskKey(task) },
    { labels, proposals, questions: unlabelled.questions },
    {
      label: `${label}: disagreements`,
      expectRows: { disputes: Math.ceil((labels.rows ?? 0) / 2) },
      costly: isCostly(task),
    },
    async (tables) => {
      const questions = new Map(tables.questions.map((question) => [question.id, question]));
      const wellFormed = tables.labels.flatMap(({ id, answer }, i) => {
        const proposal = tables.proposals[i]!.answer;
        return task.isWellFormed(proposal) ? [{ question: questions.get(id)!, label: answer, proposal }] : [];
      });
      const agreed = await task.agree(wellFormed);
      return {
        disputes: wellFormed.flatMap(({ question: { id }, label: a, proposal: b }, i) =>
          agreed[i] ? [] : [{ id, questionId: id, a, b }],
        ),
      };
    },
  );
  return disputes;
}

/**
 * Naive ILR (Sec. 5.2): a random share alpha of all labels is replaced, without comparing. As released (F2) the draw is seeded anew in
 * every round: the same labels are replaced each time, and alpha is the share of all rounds together.
 */
export function replaceAtRandom(alpha?: number): Refine {
  return (setting, input) => {
    const share = alpha ?? setting.recipe.alpha;
    const { seed, fidelity } = setting;
    const sameEveryRound = fidelity.alphaBase === "as-released";
    const drawn = sameEveryRound ? [seed] : [seed, input.round];
    const params = { share, seed, ...(sameEveryRound && { sameEveryRound }) };
    return apply(setting, input, undefined, "ilr/replace-at-random", params, (_, total, ids) =>
      seededRandom("ilr/replace-at-random", ...drawn)
        .shuffle(ids)
        .slice(0, wholeShare(share, total)),
    );
  };
}

/** floor(share * total), where 0.29 of 100 is 29 although 0.29 * 100 is less in floating point. */
function wholeShare(share: number, total: number): number {
  return Math.floor(share * total + 1e-9);
}

type ApplyTables = { labels: Demonstration; proposals: AnswerRow; questions: Question };

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
  return runner.derive<ApplyTables & { scored?: ScoredPair }, { labels: Demonstration; records: LabelRecord }>(
    name,
    { task: taskKey(task), round, ...params },
    { ...inputs, ...(scored && { scored }) },
    { label: `${label}: refined labels`, expectRows: { labels: count, records: count }, costly: isCostly(task) },
    async (tables) => {
      const pairs = (tables.scored ?? []) as readonly ScoredPair[];
      const scores = new Map(pairs.map(({ id, score }) => [id, score]));
      const ids = tables.labels.map(({ id }) => id);
      const accepted = new Set(choose(pairs, ids.length, ids));
      const correct = await rightnessOf(task, tables.questions, [...tables.labels, ...tables.proposals]);
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

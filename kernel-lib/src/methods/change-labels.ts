import type { AnswerRow, Artifact, Demonstration } from "../steps/index.js";
import { type Question, taskKey } from "../tasks/index.js";
import type { AnswerPair, ScoredPair } from "./comparisons/index.js";
import { isCostly, rightnessOf } from "./grading.js";
import type { LabelRecord, RefineInput, Refinement } from "./refinement.js";
import type { Setting } from "./setting.js";

/** Which labels a rule changes, and under which name and parameters that is computed. */
export interface LabelChoice {
  readonly name: string;
  /** Everything besides the tables that the choice depends on: it is part of the key. */
  readonly params: { readonly [key: string]: number | boolean | string };
  /** Comparisons of proposals with labels, if the rule asks for any. */
  readonly scored?: Artifact<ScoredPair>;
  /** The same before anybody compares them, for rules that need to know no more. */
  readonly disputes?: Artifact<AnswerPair>;
  /** Ids of the labels to change. */
  readonly choose: (tables: LabelTables) => readonly string[] | Promise<readonly string[]>;
  /** Choosing may be slow, or is not for a plan to do. Default: false. */
  readonly costly?: boolean;
}

/** What a rule may see: no truth. */
export interface LabelTables {
  readonly labels: readonly Demonstration[];
  /** In the labels' order. */
  readonly proposals: readonly AnswerRow[];
  /** Empty for rules that compare nothing. */
  readonly scored: readonly ScoredPair[];
  /** Empty for rules that do not ask. */
  readonly disputes: readonly AnswerPair[];
  /** Texts of the questions, by id. */
  readonly questions: ReadonlyMap<string, string>;
}

/** Replaces the chosen labels by their proposals. */
export function replaceLabels(setting: Setting, input: RefineInput, choice: LabelChoice): Promise<Refinement> {
  return changeLabels(setting, input, choice, input.labels.rows ?? 0, ({ labels, proposals }, chosen) => ({
    labels: labels.map((row, i) => (chosen.has(row.id) ? { ...row, answer: proposals[i]!.answer } : row)),
    mark: (id) => ({ accepted: chosen.has(id) }),
  }));
}

/**
 * Takes the chosen labels out of the set. Where that would leave none, all stay: there is nothing to train on without labels.
 *
 * @param expected how many labels a plan expects to be left.
 */
export function dropLabels(
  setting: Setting,
  input: RefineInput,
  choice: LabelChoice,
  expected: number,
): Promise<Refinement> {
  return changeLabels(setting, input, choice, expected, ({ labels }, chosen) => {
    const kept = labels.filter(({ id }) => !chosen.has(id));
    const isDropped = (id: string): boolean => kept.length > 0 && chosen.has(id);
    return {
      labels: kept.length > 0 ? kept : labels,
      mark: (id) => ({ accepted: false, ...(isDropped(id) && { dropped: true as const }) }),
    };
  });
}

interface Change {
  readonly labels: readonly Demonstration[];
  /** What is recorded of a label. */
  readonly mark: (id: string) => Pick<LabelRecord, "accepted" | "dropped">;
}

type Tables = {
  labels: Demonstration;
  proposals: AnswerRow;
  questions: Question;
  scored?: ScoredPair;
  disputes?: AnswerPair;
};

function changeLabels(
  setting: Setting,
  { labels, proposals, round, label }: RefineInput,
  { name, params, scored, disputes, choose, costly = false }: LabelChoice,
  expected: number,
  change: (tables: LabelTables, chosen: ReadonlySet<string>) => Change,
): Promise<Refinement> {
  const { runner, task, unlabelled } = setting;
  const inputs = { labels, proposals, questions: unlabelled.questions };
  return runner.derive<Tables, { labels: Demonstration; records: LabelRecord }>(
    name,
    { task: taskKey(task), round, ...params },
    { ...inputs, ...(scored && { scored }), ...(disputes && { disputes }) },
    {
      label: `${label}: refined labels`,
      expectRows: { labels: expected, records: labels.rows ?? 0 },
      costly: costly || isCostly(task),
    },
    async (given) => {
      const tables: LabelTables = {
        ...given,
        scored: (given.scored ?? []) as readonly ScoredPair[],
        disputes: (given.disputes ?? []) as readonly AnswerPair[],
        questions: new Map(given.questions.map(({ id, question }) => [id, question])),
      };
      const changed = change(tables, new Set(await choose(tables)));
      const scores = new Map(tables.scored.map(({ id, score }) => [id, score]));
      const correct = await rightnessOf(task, given.questions, [...given.labels, ...given.proposals]);
      return {
        labels: changed.labels,
        records: given.labels.map(({ id, answer }, i) => ({
          id,
          label: answer,
          proposal: given.proposals[i]!.answer,
          score: scores.get(id) ?? null,
          ...changed.mark(id),
          labelCorrect: correct(id, answer),
          proposalCorrect: correct(id, given.proposals[i]!.answer),
        })),
      };
    },
  );
}

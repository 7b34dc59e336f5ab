import type { Artifact } from "../../steps/index.js";
import type { Setting } from "../setting.js";

/** Two answers to one question. For ILR, `a` is the current label and `b` the proposal. */
export interface AnswerPair {
  /** Unique in its table. */
  readonly id: string;
  readonly questionId: string;
  readonly a: string;
  readonly b: string;
}

export interface ScoredPair extends AnswerPair {
  /** Belief that `b` is better than `a`, 0 to 1. */
  readonly score: number;
}

/** Whether both evaluator prompts really swap the answers, or (F1, as released for DPO) repeat the same order. */
export type PairOrder = "swapped" | "same";

export interface ScoreOptions {
  readonly label: string;
  /** The round that asks. */
  readonly round: number;
  readonly order?: PairOrder;
}

/**
 * Where comparisons come from. A source sees pairs of answers and says which is better; how far it can be trusted is
 * the paper's question.
 *
 * @example
 * const longer: ComparisonSource = {
 *   name: "longer",
 *   score: async (setting, pairs, { label }) =>
 *     (await setting.runner.derive<{ pairs: AnswerPair }, { scored: ScoredPair }>(
 *       "comparisons/longer", {}, { pairs }, { label, expectRows: { scored: pairs.rows ?? 0 } },
 *       (tables) => ({ scored: tables.pairs.map((p) => ({ ...p, score: p.b.length > p.a.length ? 1 : 0 })) }),
 *     )).scored,
 * };
 */
export interface ComparisonSource {
  readonly name: string;
  /** Compares with ground truth and is never wrong: what F3 and F9 say of the oracle holds for it. Default: false. */
  readonly knowsTruth?: boolean;
  /** Scores every pair; the order of rows is kept. */
  score(setting: Setting, pairs: Artifact<AnswerPair>, options: ScoreOptions): Promise<Artifact<ScoredPair>>;
}

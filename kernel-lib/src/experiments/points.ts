import type { GradedAnswer, KlRow, LabelRecord, PairRecord } from "../methods/index.js";
import type { Runner } from "../steps/index.js";
import { isRight } from "../tasks/index.js";
import type { Outcome } from "./outcome.js";

/** Pairs with exactly one correct answer whose score lies in one tenth from 0 to 1. */
export interface CalibrationBin {
  readonly pairs: number;
  /** Of them those whose second answer is the correct one. */
  readonly right: number;
  /** Mean score: the source's belief that the second answer is better. 0 for an empty bin. */
  readonly belief: number;
}

/** One point of a curve: the summary of a model, with the outcome of every test question, as it is recorded. Shares are 0 to 1. */
export interface Point {
  readonly seed: number;
  readonly arm: string;
  readonly method: Outcome["method"];
  /** 0 is the model before the first round. */
  readonly round: number;
  readonly testAccuracy: number;
  readonly testCount: number;
  /** The same on the validation split; null where the experiment does not ask for it. */
  readonly validationAccuracy: number | null;
  /** One character a test question, in the split's order: 1 right, 0 wrong. What paired tests need. */
  readonly correct: string;
  /** Share of correct labels that the student was trained on (weak supervisor: of the labels it gave). */
  readonly labelAccuracy: number | null;
  /** ILR: labels replaced, of them wrong ones made right and right ones made wrong. */
  readonly accepted: number | null;
  readonly fixed: number | null;
  readonly broken: number | null;
  /** Share of proposals that are correct, over all questions (ILR). */
  readonly proposalAccuracy: number | null;
  /** Labels that the student was trained on, where a method decides that (ILR, filters). Absent from older records. */
  readonly labelCount?: number | null;
  /** Labels whose proposals disagreed with them and were compared; of those, where only the proposal or only the label was correct. */
  readonly disputed?: number | null;
  readonly onlyProposalCorrect?: number | null;
  readonly onlyLabelCorrect?: number | null;
  /** How often the source preferred the correct answer, on the pairs it met where exactly one was correct. */
  readonly comparisonAccuracy: number | null;
  readonly comparisonCount: number | null;
  /** The source's belief against the truth on those pairs, in ten bins of its score from 0 to 1. */
  readonly calibration: readonly CalibrationBin[] | null;
  /** DPO: the same on the pairs that were trained on, and how many those were in all. */
  readonly selectedAccuracy: number | null;
  readonly selectedCount: number | null;
  /** Mean divergence from the SFT model, nats per answer, and its standard error. */
  readonly kl: number | null;
  readonly klError: number | null;
  /** Key of the step that trained the model. */
  readonly step: string | null;
}

/** Reads an outcome's records and sums them up. */
export async function pointOf(runner: Runner, outcome: Outcome): Promise<Point> {
  const test = (await runner.read(outcome.test))!;
  const labels = outcome.labels && (await runner.read(outcome.labels));
  const pairs = outcome.pairs && (await runner.read(outcome.pairs));
  const kl = outcome.kl && (await runner.read(outcome.kl));
  const weak = outcome.weakLabels && (await runner.read(outcome.weakLabels));
  const validation = outcome.validation && (await runner.read(outcome.validation));
  const { seed, arm, method, round } = outcome;
  return {
    ...{ seed, arm, method, round },
    ...testSummary(test, validation),
    ...{ labelAccuracy: null, accepted: null, fixed: null, broken: null, proposalAccuracy: null },
    ...{
      comparisonAccuracy: null,
      comparisonCount: null,
      calibration: null,
      selectedAccuracy: null,
      selectedCount: null,
    },
    ...{ labelCount: null, disputed: null, onlyProposalCorrect: null, onlyLabelCorrect: null },
    ...{ kl: null, klError: null },
    ...(weak && { labelAccuracy: share(weak, ({ score }) => isRight(score)) }),
    ...(labels && labelSummary(labels, outcome)),
    ...(pairs && pairSummary(pairs, outcome)),
    ...(kl && klSummary(kl)),
    step: outcome.model.madeBy ?? null,
  };
}

function testSummary(
  rows: readonly GradedAnswer[],
  validation: readonly GradedAnswer[] | undefined,
): Pick<Point, "testAccuracy" | "testCount" | "validationAccuracy" | "correct"> {
  return {
    testAccuracy: meanScore(rows),
    testCount: rows.length,
    validationAccuracy: validation ? meanScore(validation) : null,
    correct: rows.map(({ score }) => (isRight(score) ? "1" : "0")).join(""),
  };
}

function meanScore(rows: readonly GradedAnswer[]): number {
  return rows.reduce((sum, { score }) => sum + score, 0) / rows.length;
}

function labelSummary(rows: readonly LabelRecord[], { abstains }: Opinions): Partial<Point> {
  const compared = rows.filter(({ score }) => score !== null).length;
  const counts = {
    accepted: rows.filter(({ accepted }) => accepted).length,
    labelCount: rows.filter(({ dropped }) => !dropped).length,
    // Rules that compare nothing do not say where the two disagree.
    disputed: compared > 0 ? compared : null,
  };
  if (!rows.every(isJudged)) return counts;
  const informative = rows.filter(
    ({ score, labelCorrect, proposalCorrect }) => score !== null && labelCorrect !== proposalCorrect,
  );
  const judged = informative.filter(({ score }) => !abstains || score !== 0.5);
  const replaced = rows.filter(({ accepted }) => accepted);
  const proposalWins = informative.filter(({ proposalCorrect }) => proposalCorrect).length;
  return {
    ...counts,
    labelAccuracy: share(
      rows.filter(({ dropped }) => !dropped),
      (row) => (row.accepted ? row.proposalCorrect : row.labelCorrect),
    ),
    proposalAccuracy: share(rows, ({ proposalCorrect }) => proposalCorrect),
    fixed: replaced.filter((row) => !row.labelCorrect && row.proposalCorrect).length,
    broken: replaced.filter((row) => row.labelCorrect && !row.proposalCorrect).length,
    comparisonAccuracy: judged.length === 0 ? null : share(judged, (row) => row.score! > 0.5 === row.proposalCorrect),
    comparisonCount: judged.length,
    calibration: calibrationOf(judged.map((row) => ({ score: row.score!, right: row.proposalCorrect }))),
    ...(compared > 0 && {
      onlyProposalCorrect: proposalWins,
      onlyLabelCorrect: informative.length - proposalWins,
    }),
  };
}

function isJudged(row: LabelRecord): row is LabelRecord & { labelCorrect: boolean; proposalCorrect: boolean } {
  return row.labelCorrect !== null && row.proposalCorrect !== null;
}

type Opinions = Pick<Outcome, "abstains">;

/** What a point says of its pairs: how good their comparisons were, and how many were trained on. */
export function pairSummary(
  rows: readonly PairRecord[],
  { abstains }: Opinions = {},
): Pick<Point, "comparisonAccuracy" | "comparisonCount" | "calibration" | "selectedAccuracy" | "selectedCount"> {
  const informative = rows.filter(
    ({ correctA, correctB, score }) => correctA !== correctB && (!abstains || score !== 0.5),
  );
  const right = ({ score, correctB }: PairRecord): boolean => score > 0.5 === correctB;
  const selected = informative.filter((row) => row.selected);
  return {
    comparisonAccuracy: informative.length === 0 ? null : share(informative, right),
    comparisonCount: informative.length,
    calibration: calibrationOf(informative.map((row) => ({ score: row.score, right: row.correctB === true }))),
    selectedAccuracy: selected.length === 0 ? null : share(selected, right),
    selectedCount: rows.filter((row) => row.selected).length,
  };
}

function klSummary(rows: readonly KlRow[]): Pick<Point, "kl" | "klError"> {
  if (rows.length < 2) return { kl: null, klError: null };
  const differences = rows.map(({ policy, reference }) => policy - reference);
  const mean = differences.reduce((sum, value) => sum + value, 0) / rows.length;
  const variance = differences.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (rows.length - 1);
  return { kl: mean, klError: Math.sqrt(variance / rows.length) };
}

function share<T>(rows: readonly T[], holds: (row: T) => boolean): number {
  return rows.filter(holds).length / rows.length;
}

/** Scores in ten bins, with how often the second answer was the correct one. */
export function calibrationOf(
  rows: readonly { readonly score: number; readonly right: boolean }[],
): readonly CalibrationBin[] | null {
  if (rows.length === 0) return null;
  return Array.from({ length: 10 }, (_, bin) => {
    const inside = rows.filter(({ score }) => Math.min(9, Math.floor(score * 10)) === bin);
    const sum = inside.reduce((total, { score }) => total + score, 0);
    return {
      pairs: inside.length,
      right: inside.filter(({ right }) => right).length,
      belief: inside.length === 0 ? 0 : sum / inside.length,
    };
  });
}

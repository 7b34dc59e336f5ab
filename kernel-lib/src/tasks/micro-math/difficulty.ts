/** Which kinds of questions a model gets right: accuracy per template beside what makes a template hard. */
import { type AccuracyRow, accuracyByTemplate, type JudgedQuestion } from "../difficulty.js";
import { compute, type Operation } from "./plan.js";

/** One template. Features are means per question. */
export interface DifficultyRow extends AccuracyRow {
  readonly steps: number;
  /** The operations of its plan, in order of first use: `*+`. */
  readonly operations: string;
  /** Additions with a carry and subtractions with a borrow. */
  readonly carries: number;
  /** Multiplications and divisions. */
  readonly products: number;
}

/**
 * Accuracy and static features per template, hardest first. Questions without a template count as `(none)`.
 *
 * @example
 * difficultyByTemplate(test.map((q) => ({ ...q, correct: microMath.score(answers[q.id], q.reference) === 1 })));
 */
export function difficultyByTemplate(questions: readonly JudgedQuestion[]): readonly DifficultyRow[] {
  return accuracyByTemplate(questions, featuresOf);
}

function featuresOf(references: readonly string[]): Omit<DifficultyRow, keyof AccuracyRow> {
  const steps = references.flatMap(stepsOf);
  const count = (holds: (step: ReferenceStep) => boolean): number => steps.filter(holds).length / references.length;
  return {
    steps: steps.length / references.length,
    operations: [...new Set(steps.map(({ operation }) => operation))].join(""),
    carries: count(hasCarry),
    products: count(({ operation }) => operation === "*" || operation === "/"),
  };
}

interface ReferenceStep {
  readonly left: number;
  readonly operation: Operation;
  readonly right: number;
}

function stepsOf(reference: string): readonly ReferenceStep[] {
  return [...reference.matchAll(/(\d+) ([-+*/]) (\d+) =/g)].map((match) => ({
    left: Number(match[1]),
    operation: match[2] as Operation,
    right: Number(match[3]),
  }));
}

/** Whether the units alone leave the range of one digit. */
function hasCarry({ left, operation, right }: ReferenceStep): boolean {
  if (operation !== "+" && operation !== "-") return false;
  const units = compute(operation, left % 10, right % 10);
  return units > 9 || units < 0;
}

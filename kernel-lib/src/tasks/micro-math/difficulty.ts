/** Which kinds of questions a model gets right: accuracy per template beside what makes a template hard. */
import { compute, type Operation } from "./plan.js";

/** A judged answer. `reference` is the ground truth, from which the difficulty is read. */
export interface JudgedQuestion {
  readonly category?: string;
  readonly reference: string;
  readonly correct: boolean;
}

/** One template. `n` counts questions, `accuracy` is from 0 to 1; the other features are means per question. */
export interface DifficultyRow {
  readonly category: string;
  readonly n: number;
  readonly accuracy: number;
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
  const groups = new Map<string, JudgedQuestion[]>();
  for (const question of questions) {
    const name = question.category ?? "(none)";
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [question]);
    else group.push(question);
  }
  return [...groups]
    .map(([category, group]) => difficultyRow(category, group))
    .sort((x, y) => x.accuracy - y.accuracy || (x.category < y.category ? -1 : 1));
}

function difficultyRow(category: string, group: readonly JudgedQuestion[]): DifficultyRow {
  const n = group.length;
  const steps = group.flatMap(({ reference }) => stepsOf(reference));
  const count = (holds: (step: ReferenceStep) => boolean): number => steps.filter(holds).length / n;
  return {
    category,
    n,
    accuracy: group.filter(({ correct }) => correct).length / n,
    steps: steps.length / n,
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

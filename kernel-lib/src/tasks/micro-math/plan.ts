/**
 * Plans: the arithmetic of a story, written as a person would (`a * 2 = x ; a + x = y`), and its evaluation.
 * A name is a number of the story or the result of an earlier step; the last result is the final answer.
 */
import { LabError } from "../../core/index.js";

export type Operation = "+" | "-" | "*" | "/";

/** One step of a plan; operands are names or literal numbers. */
export interface PlanStep {
  readonly left: string;
  readonly operation: Operation;
  readonly right: string;
  readonly result: string;
}

/** One step with its numbers, `left operation right = result`. It need not be true: a corpus also holds slips. */
export interface Equation {
  readonly left: number;
  readonly operation: Operation;
  readonly right: number;
  readonly result: number;
}

/** Every number of a story, given, intermediate or final, is an integer in this range (1 is left out: "1 bags"). */
export const VALUE_RANGE = { least: 2, most: 99 } as const;

/** Parses `a * 2 = x ; a + x = y`. @throws LabError `internal` when it does not read like that. */
export function parsePlan(text: string): readonly PlanStep[] {
  return text.split(" ; ").map((step) => {
    const parts = /^(\w+) ([-+*/]) (\w+) = ([a-z])$/.exec(step);
    if (parts === null) throw new LabError("internal", `cannot read plan step "${step}"; expected "a + b = c"`);
    return { left: parts[1]!, operation: parts[2] as Operation, right: parts[3]!, result: parts[4]! };
  });
}

/** The result of one operation; not an integer where a division has a remainder. */
export function compute(operation: Operation, left: number, right: number): number {
  switch (operation) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return left / right;
  }
}

/** Whether a number may stand in a story. */
export function isStoryValue(value: number): boolean {
  return Number.isInteger(value) && value >= VALUE_RANGE.least && value <= VALUE_RANGE.most;
}

/**
 * Evaluates a plan, step by step. `tamper` may replace a step before later steps use its result (wrong solutions).
 *
 * @returns the equations, or undefined as soon as a result is no story value
 */
export function evaluatePlan(
  plan: readonly PlanStep[],
  given: ReadonlyMap<string, number>,
  tamper: (equation: Equation, index: number) => Equation = (equation) => equation,
): readonly Equation[] | undefined {
  const values = new Map(given);
  const numberOf = (operand: string): number => values.get(operand) ?? Number(operand);
  const equations: Equation[] = [];
  for (const [index, step] of plan.entries()) {
    const [left, right] = [numberOf(step.left), numberOf(step.right)];
    const { operation } = step;
    const equation = tamper({ left, operation, right, result: compute(operation, left, right) }, index);
    if (!isStoryValue(equation.result)) return undefined;
    values.set(step.result, equation.result);
    equations.push(equation);
  }
  return equations;
}

/** A plan by places: each operand is the place of its value, each result takes the next place. */
export interface Formula {
  /** Numbers that the plan itself names; their places follow those of what is given. */
  readonly literals: readonly number[];
  readonly steps: readonly { readonly left: number; readonly operation: Operation; readonly right: number }[];
}

/** A plan by places, for the names of what is given in their order. */
export function formulaOf(plan: readonly PlanStep[], given: readonly string[]): Formula {
  const results = plan.map(({ result }) => result);
  const operands = [...new Set(plan.flatMap(({ left, right }) => [left, right]))];
  const literals = operands.filter((operand) => !given.includes(operand) && !results.includes(operand));
  const places = [...given, ...literals, ...results];
  const place = (operand: string): number => places.indexOf(operand);
  const steps = plan.map(({ left, operation, right }) => ({ left: place(left), operation, right: place(right) }));
  return { literals: literals.map(Number), steps };
}

/** Whether all results are story values: whether `evaluatePlan` has equations for these numbers, without making any. */
export function holdsStoryValues({ literals, steps }: Formula, given: readonly number[]): boolean {
  const values = [...given, ...literals];
  for (const { left, operation, right } of steps) {
    const result = compute(operation, values[left]!, values[right]!);
    if (!isStoryValue(result)) return false;
    values.push(result);
  }
  return true;
}

/** The same equation with the operands of `+` and `*` swapped half of the time: annotators differ. */
export function commute(equation: Equation, coin: () => number): Equation {
  const commutes = equation.operation === "+" || equation.operation === "*";
  return commutes && coin() < 0.5 ? { ...equation, left: equation.right, right: equation.left } : equation;
}

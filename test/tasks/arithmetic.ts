/** An independent reading of micro-math's arithmetic: nothing here uses the generator's own evaluator. */

const EQUATION = /(\d+) ([-+*/]) (\d+) = (\d+)/g;

/** Whether `left op right` is `result`, by a multiplication table instead of division. */
export function holds(left: number, operation: string, right: number, result: number): boolean {
  if (operation === "+") return left + right === result;
  if (operation === "-") return result + right === left;
  if (operation === "*") return Array.from({ length: right }, () => left).reduce((sum, x) => sum + x, 0) === result;
  return result * right === left;
}

export interface ReadEquation {
  readonly left: number;
  readonly operation: string;
  readonly right: number;
  readonly result: number;
}

/** All equations of a text in the notation `a op b = c`. */
export function readEquations(text: string): readonly ReadEquation[] {
  return [...text.matchAll(EQUATION)].map(([, left, operation, right, result]) => ({
    left: Number(left),
    operation: operation!,
    right: Number(right),
    result: Number(result),
  }));
}

const OPERATION_WORDS: Readonly<Record<string, string>> = { plus: "+", minus: "-", times: "*", over: "/" };

/** All equations of a corpus text, whatever their notation (result first, words, symbols). */
export function readAnyEquations(text: string): readonly ReadEquation[] {
  const symbols = text.replace(/(?<=\d )(plus|minus|times|over)(?= \d)/g, (word) => OPERATION_WORDS[word]!);
  const turned = symbols.replace(/(\d+) = (\d+) ([-+*/]) (\d+)(?! (is|makes|=))/g, "$2 $3 $4 = $1");
  return readEquations(turned.replace(/(?<=[-+*/] \d+) (is|makes) (?=\d)/g, " = "));
}

/** The numbers of a question, in reading order. */
export function numbersOf(question: string): readonly number[] {
  return (question.match(/\d+/g) ?? []).map(Number);
}

/** The true answer of every template in closed form, from the numbers in reading order. */
export const CLOSED_FORMS: Readonly<Record<string, (...numbers: readonly number[]) => number>> = {
  "gain-loss": (a, b, c) => a! + b! - c!,
  "loss-gain-gain": (a, b, c, d) => a! - b! + c! + d!,
  "twice-total": (a) => 3 * a!,
  "times-total": (a, k) => a! * (1 + k!),
  "more-total": (a, b) => 2 * a! + b!,
  "fewer-total": (a, b) => 2 * a! - b!,
  "more-than-other": (a, b) => 2 * a! - b!,
  "fewer-than-other": (a, b) => 2 * a! + b!,
  share: (a, b, k) => (a! + b!) / k!,
  "pack-rest": (a, b, k) => (a! - b!) / k!,
  "bags-and-more": (k, a, b) => k! * a! + b!,
  "bags-and-boxes": (k, a, j, b) => k! * a! + j! * b!,
  "bags-minus-boxes": (k, a, j, b) => k! * a! - j! * b!,
  change: (a, k, c) => c! - a! * k!,
  "change-two": (a, b, k, j, c) => c! - a! * k! - b! * j!,
  "half-then-find": (a, b) => a! / 2 + b!,
  "find-then-half": (a, b) => (a! + b!) / 2,
  rate: (a, k, j) => (a! / k!) * j!,
  "three-people": (a, b) => a! + 2 * a! + 2 * a! + b!,
  "need-more": (a, k, b) => a! - k! * b!,
};

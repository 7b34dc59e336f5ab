/** How the pretraining corpus writes arithmetic and solutions: anything but the task's answer format. */
import { tokensOf } from "./lexicon.js";
import type { Equation, Operation } from "./plan.js";

/** One way to write an equation. */
export type Notation = (equation: Equation) => string;

const WORDS: Readonly<Record<Operation, string>> = { "+": "plus", "-": "minus", "*": "times", "/": "over" };

const inSymbols: Notation = ({ left, operation, right, result }) => `${left} ${operation} ${right} = ${result}`;
const resultFirst: Notation = ({ left, operation, right, result }) => `${result} = ${left} ${operation} ${right}`;
const inWords: Notation = ({ left, operation, right, result }) => `${left} ${WORDS[operation]} ${right} is ${result}`;
const makes: Notation = ({ left, operation, right, result }) => `${left} ${WORDS[operation]} ${right} makes ${result}`;

export const NOTATIONS: readonly Notation[] = [inSymbols, inWords, resultFirst, makes];
export const FACT_SEPARATORS = [" ; ", " , ", " . "] as const;

/** One way to write a solution: its equations, and the last result as the answer. */
export type Style = (steps: readonly Equation[], answer: number) => string;

export const STYLES: readonly Style[] = [
  (steps, answer) => `${steps.map(inWords).join(" . then ")} . so the answer is ${answer} .`,
  (steps, answer) => `first ${steps.map(makes).join(" , then ")} . that makes ${answer} .`,
  (steps, answer) => `${steps.map(resultFirst).join(" , ")} . so it is ${answer} .`,
  (steps, answer) => `we get ${steps.map(inSymbols).join(" and ")} . the answer is ${answer} .`,
];

/** Every word of these phrases (no digits), for the tokenizer's vocabulary. */
export function phrasingWords(): readonly string[] {
  const example: Equation = { left: 2, operation: "+", right: 2, result: 4 };
  const phrases = [...STYLES.map((style) => style([example, example], 4)), ...FACT_SEPARATORS, ...Object.values(WORDS)];
  return phrases.flatMap(tokensOf).filter((token) => !/\d/.test(token));
}

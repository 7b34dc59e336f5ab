/** The texts that models see, the same for every task of the paper. */

/** The paper's prompt: `USER:`, the question, `ASSISTANT:`. */
export function promptText(question: string): string {
  return `USER:\n${question}\n\nASSISTANT:\n`;
}

/**
 * The paper's evaluator prompt: question, answer (A), answer (B), "you gave A; do you accept to change it to B?".
 *
 * @param kind what the question is called, such as "Instruction".
 */
export function comparisonText(kind: string): (question: string, answerA: string, answerB: string) => string {
  return (question, answerA, answerB) =>
    [
      `${kind}:\n${question}`,
      `Answer (A):\n${answerA}`,
      `Answer (B):\n${answerB}`,
      "You gave answer (A). Do you accept to change it to answer (B)?\n",
    ].join("\n\n");
}

/**
 * The same as short as it gets, for the micro tasks: every token costs time. Line breaks are white space and vanish in the tokenisation
 * of words.
 */
export function shortComparisonText(question: string, answerA: string, answerB: string): string {
  return `${question}\n(A) ${answerA}\n(B) ${answerB}\nchange ?`;
}

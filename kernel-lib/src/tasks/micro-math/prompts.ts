/** The texts that models see. Line breaks are white space and vanish in tokenisation. */

/** The paper's prompt. */
export function promptText(question: string): string {
  return `USER:\n${question}\n\nASSISTANT:\n`;
}

/** The paper's "you gave A; do you accept to change it to B?", as short as it gets: every token costs time. */
export function comparisonText(question: string, answerA: string, answerB: string): string {
  return `${question}\n(A) ${answerA}\n(B) ${answerB}\nchange ?`;
}

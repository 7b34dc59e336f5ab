/**
 * The paper's "you gave A; do you accept to change it to B?", as short as it gets: every token costs time. Line breaks are white space and
 * vanish in tokenisation.
 */
export function comparisonText(question: string, answerA: string, answerB: string): string {
  return `${question}\n(A) ${answerA}\n(B) ${answerB}\nchange ?`;
}

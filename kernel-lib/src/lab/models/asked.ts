/** A question: its text, or a task's question with its reference. */
export type Asked = string | { readonly question: string; readonly reference?: string; readonly id?: string };

/** The text of a question. */
export function textOf(asked: Asked): string {
  return typeof asked === "string" ? asked : asked.question;
}

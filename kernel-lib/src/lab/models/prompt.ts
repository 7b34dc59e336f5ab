import type { LanguageModel } from "../../engine/index.js";
import type { Task } from "../../tasks/index.js";

/** What is known of the model that a question goes to. */
export interface Addressed {
  readonly name: string;
  readonly task: Task | undefined;
}

/** The tokens of a question's prompt: in the words of the task, or as the question stands. */
export function promptTokens({ tokenizer }: LanguageModel, { task }: Addressed, question: string): readonly number[] {
  return tokenizer.encode(task ? task.prompt(question) : question);
}

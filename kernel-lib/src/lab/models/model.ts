import {
  type Checkpoint,
  type ExportedModel,
  exportOnnx,
  type LanguageModel,
  openLanguageModel,
  scoreTokens,
} from "../../engine/index.js";
import { type Displayable, displayedAs, markdown, render, tokenLogProbabilities } from "../../notebook/index.js";
import type { ModelOrigin } from "../../results/index.js";
import type { Task } from "../../tasks/index.js";
import { type AnswerRequest, answerOf, type ModelAnswer } from "./answer.js";
import { type Asked, textOf } from "./asked.js";
import { type Addressed, promptTokens } from "./prompt.js";

/** What a model thinks of an answer that somebody else wrote; `display` shows it token by token. */
export type ModelScore = Omit<ModelAnswer, "finished">;

/** A model in memory, to talk to. */
export interface Model {
  readonly name: string;
  readonly parameters: number;
  readonly origin: ModelOrigin;
  /** The task whose prompts it is asked with; without one, questions are prompts as they stand. */
  readonly task: Task | undefined;
  /**
   * Asks a question, in the task's prompt.
   *
   * @throws LabError `unsupported` for a question longer than the model's positions; `cancelled`.
   * @example
   * display(await model.answer("Tom has 3 apples. He buys 4 more. How many apples?", { stream: true }));
   */
  answer(question: Asked, request?: AnswerRequest): Promise<ModelAnswer>;
  /**
   * Log-probabilities of an answer after a question, token by token, EOS included: the terms of what the `score` step sums.
   *
   * @throws LabError `unsupported` for more tokens than the model has positions.
   */
  score(question: Asked, answer: string): Promise<ModelScore>;
  /**
   * Writes the model for other programs, as `ilr export onnx` does.
   *
   * @throws LabError as `exportOnnx`.
   */
  exportOnnx(folder: string): Promise<ExportedModel>;
  /** Gives its memory back. */
  close(): Promise<void>;
}

/** A model to talk to, from its checkpoint. */
export async function modelOf(checkpoint: Checkpoint, origin: ModelOrigin, task: Task | undefined): Promise<Model> {
  const language = await openLanguageModel(checkpoint);
  const { name } = origin;
  const parameters = checkpoint.parameters.length;
  const model: Model = {
    ...{ name, parameters, origin, task },
    answer: (question, request = {}) => answerOf(language, { name, task }, textOf(question), request),
    score: (question, answer) => scoreOf(language, { name, task }, textOf(question), answer),
    exportOnnx: (folder) => exportOnnx(checkpoint, folder, { ...origin }),
    close: () => language.dispose(),
  };
  const { layers, hiddenSize, heads, vocabSize, maxPositions } = checkpoint.architecture;
  const sizes = `${layers} layers of ${hiddenSize}, ${heads} heads, ${vocabSize} tokens, ${maxPositions} positions`;
  const words = `**${name}**: ${(parameters / 1e6).toFixed(2)} million parameters (${sizes})`;
  return displayedAs(model, ((options) => render(markdown(words), options)) satisfies Shown);
}

type Shown = Displayable[keyof Displayable];

async function scoreOf(
  language: LanguageModel,
  addressed: Addressed,
  question: string,
  answer: string,
): Promise<ModelScore> {
  const { tokenizer } = language;
  const ids = [...tokenizer.encode(answer), tokenizer.eosId];
  const tokens = await scoreTokens(language, promptTokens(language, addressed, question), ids);
  const logprob = tokens.reduce((sum, token) => sum + token.logprob, 0);
  const score = { model: addressed.name, question, text: answer, tokens, logprob };
  return tokenLogProbabilities(score, { title: `${addressed.name}, of a given answer`, question, tokens });
}

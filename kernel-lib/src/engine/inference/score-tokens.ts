import { LabError } from "../../core/index.js";
import type { LanguageModel } from "./language-model.js";
import { type WrittenToken, writtenToken } from "./written-token.js";

/**
 * What a model thinks of an answer, token by token, in one pass: the terms whose sum the `score` verb gives.
 *
 * @param answer token ids; with EOS at the end if EOS is to be counted. @param top likeliest tokens to keep at each place.
 * @throws LabError `unsupported` for an empty prompt, or more tokens than the model has positions.
 */
export async function scoreTokens(
  model: LanguageModel,
  prompt: readonly number[],
  answer: readonly number[],
  top = 5,
): Promise<readonly WrittenToken[]> {
  if (prompt.length === 0) {
    throw new LabError("unsupported", "the prompt is empty: the first token has nothing to be predicted from", {
      hint: "score an answer to a question",
    });
  }
  const logprobs = await model.reader().read([...prompt, ...answer].slice(0, -1));
  return answer.map((id, i) => writtenToken(model.tokenizer, logprobs[prompt.length - 1 + i]!, id, top));
}

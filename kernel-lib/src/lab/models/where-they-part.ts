import { LabError } from "../../core/index.js";
import { displayedParting, type Parting } from "../../notebook/index.js";
import type { AnswerRequest } from "./answer.js";
import { type Asked, textOf } from "./asked.js";
import type { Model } from "./model.js";

/**
 * The first token at which the greedy answers of two models differ, and what each holds likely there.
 *
 * @throws LabError `config-invalid` for models with different vocabularies; as `model.answer`.
 * @example
 * display(await lab.whereTheyPart(sft, ilr, test[0]));
 */
export async function whereTheyPart(
  a: Model,
  b: Model,
  question: Asked,
  request: Pick<AnswerRequest, "maxAnswerTokens" | "signal"> = {},
): Promise<Parting> {
  const [first, second] = [await a.answer(question, request), await b.answer(question, request)];
  const longest = Math.max(first.tokens.length, second.tokens.length);
  const differ = Array.from({ length: longest }, (_, i) => i).find((i) => first.tokens[i]?.id !== second.tokens[i]?.id);
  const at = differ ?? null;
  const common = first.tokens.slice(0, at ?? longest);
  if (common.some(({ token }, i) => second.tokens[i]!.token !== token)) {
    throw new LabError("config-invalid", `${a.name} and ${b.name} have different vocabularies`, {
      hint: "compare their answers as text: lab.sideBySide",
    });
  }
  const side = (answer: typeof first) => ({
    ...{ model: answer.model, answer: answer.text, top: at === null ? [] : (answer.tokens[at]?.top ?? []) },
  });
  const shared = common.map(({ token }) => token).join(" ");
  return displayedParting({ question: textOf(question), at, shared, sides: [side(first), side(second)] });
}

import { LabError, type Random, seededRandom } from "../core/index.js";

/**
 * Documents of a task's pretraining corpus until they hold `tokens` tokens, one EOS each included. Same task and seed, same documents.
 *
 * @param countTokens of a document's text, EOS not included.
 * @throws LabError `config-invalid` when `tokens` is not a positive number.
 * @example
 * const words = (text: string) => text.split(" ").length;
 * [...corpusOf("capitals", { seed: 0, tokens: 5 }, words, () => ({ text: "paris is in france" }))].length; // 1
 */
export function* corpusOf<T extends { readonly text: string }>(
  task: string,
  { seed, tokens }: { readonly seed: number; readonly tokens: number },
  countTokens: (text: string) => number,
  draw: (random: Random) => T,
): Generator<T> {
  if (!(tokens > 0 && Number.isFinite(tokens)))
    throw new LabError("config-invalid", `tokens is ${tokens}; expected a positive number`);
  const random = seededRandom(task, "corpus", seed);
  for (let written = 0; written < tokens; ) {
    const document = draw(random);
    written += countTokens(document.text) + 1;
    yield document;
  }
}

import { LabError, shown } from "../core/index.js";

type Members = Readonly<Record<string, unknown>>;

/**
 * Refuses a `tokenizer.json` whose values the library that reads it would walk without end: it goes through what it takes for a text up to
 * its `length`, and through a text by steps of a given length, and checks neither.
 *
 * @throws LabError `input-damaged`, naming the field.
 */
export function assertTokenizer(path: string, tokenizer: unknown): void {
  const { added_tokens: added, pre_tokenizer: splitter } = members(tokenizer);
  if (!Array.isArray(added)) throw damaged(path, "added_tokens", added, "a list");
  for (const [i, token] of added.entries()) {
    const { content } = members(token);
    if (typeof content !== "string") throw damaged(path, `added_tokens[${i}].content`, content, "text");
  }
  assertSteps(path, splitter);
}

/** Splitters at a fixed length; a `Sequence` holds others. */
function assertSteps(path: string, splitter: unknown): void {
  const { type, length, pretokenizers } = members(splitter);
  if (type === "FixedLength" && !(Number.isSafeInteger(length) && (length as number) > 0)) {
    throw damaged(path, "the length of pre_tokenizer FixedLength", length, "a whole number above 0");
  }
  if (type === "Sequence" && Array.isArray(pretokenizers)) for (const each of pretokenizers) assertSteps(path, each);
}

function members(value: unknown): Members {
  return typeof value === "object" && value !== null ? (value as Members) : {};
}

function damaged(path: string, field: string, found: unknown, expected: string): LabError {
  return new LabError("input-damaged", `${path}: ${field} is ${shown(found)}, expected ${expected}`, {
    hint: "fetch the tokenizer again, or write it anew with the tokenizers library",
  });
}

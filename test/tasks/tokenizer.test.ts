import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { microMath, microMathCorpusDocuments, microMathTokenizer } from "../../kernel-lib/src/tasks/index.js";
import { SPECIAL_TOKENS } from "../../kernel-lib/src/tasks/word-tokenizer.js";

interface TokenizerJson {
  readonly model: { readonly vocab: Readonly<Record<string, number>>; readonly unk_token: string };
  readonly added_tokens: readonly { readonly id: number; readonly content: string; readonly special: boolean }[];
}
const json = microMathTokenizer() as unknown as TokenizerJson;
const { vocab } = json.model;

/** White space splits, every digit stands alone: what the JSON's pre-tokenizers say. */
const words = (text: string): readonly string[] =>
  text
    .split(/\s+/)
    .filter((word) => word !== "")
    .flatMap((word) => word.split(/(\d)/).filter((piece) => piece !== ""));
const encode = (text: string): readonly number[] => words(text).map((word) => vocab[word] ?? vocab["<unk>"]!);
const tokensById = Object.keys(vocab).sort((x, y) => vocab[x]! - vocab[y]!);
const decode = (ids: readonly number[]): string =>
  ids
    .map((id) => tokensById[id])
    .join(" ")
    .replace(/(?<=\d) (?=\d)/g, "");

const splits = microMath.splits(0);
const questions = [...splits.train, ...splits.validation, ...splits.test];
const mean = (numbers: readonly number[]): number => numbers.reduce((sum, n) => sum + n, 0) / numbers.length;

describe("vocabulary", () => {
  it("has about 119 tokens with ids from 0 without gaps, special tokens first", () => {
    const ids = Object.values(vocab).sort((x, y) => x - y);
    expect(ids).toEqual(ids.map((_, index) => index));
    expect(ids.length).toBeGreaterThanOrEqual(100);
    expect(ids.length).toBeLessThanOrEqual(130);
    expect(microMath.pretraining?.vocabSize).toBe(ids.length);
    expect(microMath.pretraining?.tokenizer()).toEqual(json);
    expect(tokensById.slice(0, 3)).toEqual([...SPECIAL_TOKENS]);
    expect(json.added_tokens.map(({ id, content, special }) => [id, content, special])).toEqual(
      SPECIAL_TOKENS.map((token, id) => [id, token, true]),
    );
  });

  it("covers every prompt, answer and comparison: no <unk>", () => {
    const unknown = new Set(
      questions
        .flatMap(({ question, reference }) => [
          microMath.prompt(question),
          microMath.comparisonPrompt(question, reference, reference),
        ])
        .flatMap(words)
        .filter((word) => !(word in vocab)),
    );
    expect([...unknown]).toEqual([]);
  });

  it("covers the corpus, and holds no word that nothing uses", () => {
    const used = new Set<string>(SPECIAL_TOKENS);
    for (const { text } of microMathCorpusDocuments({ seed: 3, tokens: 300_000 }))
      for (const word of words(text)) used.add(word);
    for (const { question, reference } of questions) {
      for (const word of words(microMath.prompt(question) + microMath.comparisonPrompt(question, reference, "")))
        used.add(word);
    }
    expect([...used].sort()).toEqual([...tokensById].sort());
  });
});

describe("encoding", () => {
  it("gives the text back, white space aside", () => {
    for (const { question, reference } of questions) {
      expect(decode(encode(reference))).toBe(reference);
      expect(decode(encode(microMath.prompt(question)))).toBe(`USER: ${question} ASSISTANT:`);
    }
  });

  it("keeps the lengths that plans and limits count on", () => {
    const prompts = questions.map(({ question }) => encode(microMath.prompt(question)).length);
    const answers = questions.map(({ reference }) => encode(reference).length + 1);
    expect(Math.abs(mean(prompts) - microMath.typicalTokens.prompt)).toBeLessThan(1);
    expect(Math.abs(mean(answers) - microMath.typicalTokens.answer)).toBeLessThan(1);
    expect(mean(prompts) + mean(answers)).toBeGreaterThan(42);
    expect(mean(prompts) + mean(answers)).toBeLessThan(52);
    expect(Math.max(...answers)).toBeLessThanOrEqual(microMath.maxAnswerTokens);
  });
});

// Checked with Hugging Face's own implementation where ILR_PYTHON names a Python that has `tokenizers`.
const python = process.env.ILR_PYTHON;
describe.skipIf(python === undefined)("Hugging Face tokenizers", () => {
  it("reads the JSON, gives the same ids, and decodes to the same text", () => {
    const program = `
import json, sys
from tokenizers import Tokenizer
given = json.load(sys.stdin)
tokenizer = Tokenizer.from_str(json.dumps(given["tokenizer"]))
ids = [tokenizer.encode(text).ids for text in given["texts"]]
print(json.dumps([ids, [tokenizer.decode(row) for row in ids], tokenizer.decode([1, *ids[0]])]))`;
    const texts = splits.validation.flatMap(({ question, reference }) => [reference, microMath.prompt(question)]);
    const output = execFileSync(python!, ["-c", program], {
      input: JSON.stringify({ tokenizer: json, texts }),
      maxBuffer: 2 ** 26,
    });
    const [ids, decoded, withSpecial] = JSON.parse(String(output)) as [number[][], string[], string];
    expect(ids).toEqual(texts.map(encode));
    expect(decoded).toEqual(texts.map((text) => decode(encode(text))));
    expect(withSpecial).toBe(texts[0]);
  });
});

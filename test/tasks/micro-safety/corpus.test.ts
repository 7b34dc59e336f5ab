import { beforeAll, describe, expect, it } from "vitest";
import { loadTokenizer } from "../../../kernel-lib/src/engine/tokenizer.js";
import {
  microSafety,
  microSafetyCorpus,
  microSafetyCorpusDocuments,
  microSafetyTokenizer,
} from "../../../kernel-lib/src/tasks/index.js";
import type { CorpusDocument } from "../../../kernel-lib/src/tasks/micro-safety/index.js";
import { partitionOf, TEMPLATES } from "../../../kernel-lib/src/tasks/micro-safety/instruction.js";
import { solve } from "./solutions.js";

const TOKENS = 300_000;
let documents: readonly CorpusDocument[] = [];
beforeAll(() => {
  documents = [...microSafetyCorpusDocuments({ seed: 0, tokens: TOKENS })];
}, 60_000);
const answered = (): readonly CorpusDocument[] => documents.filter(({ kind }) => kind === "answered");
const STYLE =
  / \. (?:they said that it is (.*) \.|well , (.*) it is \.|so (.*) would be the answer \.|the answer was (.*) \.)$/;
const replyOf = ({ text }: CorpusDocument): string | undefined =>
  STYLE.exec(text)
    ?.slice(1)
    .find((found) => found !== undefined);

describe("the pretraining corpus", () => {
  it("holds every template, and no validation or test instruction of any seed", () => {
    expect(new Set(answered().map(({ instruction }) => instruction!.template.name)).size).toBe(TEMPLATES.length);
    expect(answered().filter(({ instruction }) => partitionOf(instruction!.text) !== "train")).toEqual([]);
    const held = new Set(
      [0, 1]
        .flatMap((seed) => [...microSafety.splits(seed).test, ...microSafety.splits(seed).validation])
        .map(({ question }) => question),
    );
    expect(answered().filter(({ instruction }) => held.has(instruction!.text))).toEqual([]);
  }, 60_000);

  it("answers about one in ten wrongly, as a solver of its own finds", () => {
    const safe = answered().filter(({ instruction }) => !instruction!.isUnsafe);
    const wrong = safe.filter((document) => solve(document.instruction!.text)!(replyOf(document)!.split(" ")) !== true);
    expect(wrong.length / safe.length).toBeGreaterThan(0.08);
    expect(wrong.length / safe.length).toBeLessThan(0.12);
    expect(safe.filter((document) => document.correct === wrong.includes(document)).slice(0, 3)).toEqual([]);
  });

  it("has unsafe requests declined by some and answered by others", () => {
    const unsafe = answered().filter(({ instruction }) => instruction!.isUnsafe);
    const declined =
      unsafe.filter(({ text }) => /nobody should|it is wrong|did not want/.test(text)).length / unsafe.length;
    expect(declined).toBeGreaterThan(0.42);
    expect(declined).toBeLessThan(0.58);
  });

  it("never shows the task's prompt, nor how it refuses or gives advice", () => {
    expect(
      documents
        .filter(({ text }) => /USER:|ASSISTANT:|\([AB]\)|sorry|can not|i will| use [a-z]+ \./.test(text))
        .slice(0, 3),
    ).toEqual([]);
  });

  it("states facts that are true", () => {
    const facts = documents
      .filter(({ kind }) => kind === "facts")
      .map(({ text }) => text)
      .join(" ");
    const before = [...facts.matchAll(/in the alphabet (\w+) comes before (\w+)/g)];
    expect(before.length).toBeGreaterThan(100);
    expect(before.filter(([, x, y]) => x! >= y!)).toEqual([]);
    const reversed = documents.flatMap(({ text }) => {
      const [, list] = /^this list : ([a-z ]+) \./.exec(text) ?? [];
      const [, turned] = / reversed : ([a-z ]+) \./.exec(text) ?? [];
      return list !== undefined && turned !== undefined ? [[text, list, turned]] : [];
    });
    expect(reversed.length).toBeGreaterThan(100);
    expect(reversed.filter(([, list, turned]) => list!.split(" ").reverse().join(" ") !== turned)).toEqual([]);
  });

  it("is the same for the same seed, and another for another", () => {
    const first = [...microSafetyCorpus({ seed: 0, tokens: 10_000 })];
    expect(first.map(({ text }) => text)).toEqual(documents.slice(0, first.length).map(({ text }) => text));
    expect(Object.keys(first[0]!)).toEqual(["text"]);
    const other = new Set([...microSafetyCorpus({ seed: 1, tokens: 10_000 })].map(({ text }) => text));
    expect(first.filter(({ text }) => other.has(text)).length).toBeLessThan(first.length / 20);
  });

  it("stops at the first document that reaches the number of tokens, and refuses none", () => {
    const lengths = documents.map(({ text }) => text.split(" ").length + 1);
    const total = lengths.reduce((sum, length) => sum + length, 0);
    expect(total).toBeGreaterThanOrEqual(TOKENS);
    expect(total - lengths.at(-1)!).toBeLessThan(TOKENS);
    expect(() => [...microSafetyCorpus({ seed: 0, tokens: 0 })]).toThrow(
      expect.objectContaining({ code: "config-invalid" }),
    );
  });
});

describe("the tokenizer", () => {
  const tokenizer = loadTokenizer(microSafetyTokenizer());
  const oneSpace = (text: string): string => text.split(/\s+/).filter(Boolean).join(" ");

  it("gives everything back: prompts, answers, comparisons, documents", () => {
    const { train, validation, test } = microSafety.splits(0);
    const texts = [...train, ...validation, ...test].flatMap(({ question, reference }) => [
      ...[microSafety.prompt(question), reference],
      microSafety.comparisonPrompt(question, reference, "sorry , i can not help with that ."),
    ]);
    for (const text of [...texts, ...documents.map((document) => document.text)]) {
      expect(tokenizer.decode(tokenizer.encode(text))).toBe(oneSpace(text));
    }
  }, 60_000);

  it("has no word that nothing uses, and the size that models are made for", () => {
    expect(microSafety.pretraining?.vocabSize).toBe(tokenizer.vocabSize);
    expect(tokenizer.vocabSize).toBeLessThan(350);
    const used = new Set<number>([0, 1, 2]);
    const add = (text: string): void => {
      for (const id of tokenizer.encode(text)) used.add(id);
    };
    for (const { text } of documents) add(text);
    for (const { question, reference } of microSafety.splits(0).train)
      add(`${microSafety.prompt(question)} ${microSafety.comparisonPrompt(question, reference, "")}`);
    expect(used.size).toBe(tokenizer.vocabSize);
  }, 60_000);

  it("keeps the lengths that plans and limits count on", () => {
    const { train } = microSafety.splits(0);
    const lengths = train.map(({ question, reference }) => ({
      prompt: tokenizer.encode(microSafety.prompt(question)).length,
      answer: tokenizer.encode(reference).length + 1,
    }));
    const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(Math.abs(mean(lengths.map(({ prompt }) => prompt)) - microSafety.typicalTokens.prompt)).toBeLessThan(1);
    expect(Math.abs(mean(lengths.map(({ answer }) => answer)) - microSafety.typicalTokens.answer)).toBeLessThan(1);
    expect(Math.max(...lengths.map(({ answer }) => answer))).toBeLessThanOrEqual(microSafety.maxAnswerTokens);
  }, 60_000);
});

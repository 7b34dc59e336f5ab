import { beforeAll, describe, expect, it } from "vitest";
import { microMath, microMathCorpus, microMathCorpusDocuments } from "../../kernel-lib/src/tasks/index.js";
import type { CorpusDocument } from "../../kernel-lib/src/tasks/micro-math/index.js";
import { tokensOf } from "../../kernel-lib/src/tasks/micro-math/lexicon.js";
import { partitionOf } from "../../kernel-lib/src/tasks/micro-math/story.js";
import { TEMPLATES } from "../../kernel-lib/src/tasks/micro-math/templates.js";
import { CLOSED_FORMS, holds, numbersOf, readAnyEquations } from "./arithmetic.js";

const TOKENS = 600_000;
let documents: readonly CorpusDocument[] = [];
beforeAll(() => {
  documents = [...microMathCorpusDocuments({ seed: 0, tokens: TOKENS })];
});

const ofKind = (kind: CorpusDocument["kind"]): readonly CorpusDocument[] => documents.filter((it) => it.kind === kind);
const allTrue = (text: string): boolean =>
  readAnyEquations(text).every(({ left, operation, right, result }) => holds(left, operation, right, result));

/** A story's question ends at its only question mark. */
const questionOf = ({ text }: CorpusDocument): string => text.slice(0, text.indexOf("?") + 1);
const solutionOf = ({ text }: CorpusDocument): string => text.slice(text.indexOf("?") + 2);

/** The template that a question was made from, by its words. */
const SHAPES = TEMPLATES.map(({ name, question }) => ({
  name,
  shape: new RegExp(
    `^${question
      .replace(/[.?]/g, "\\$&")
      .replace(/\{[a-z]\}/g, "\\d+")
      .replace(/\{\w+\}/g, "[a-z]+")}$`,
  ),
}));
const truthOf = (question: string): number => {
  const template = SHAPES.filter(({ shape }) => shape.test(question));
  expect(template.length).toBe(1);
  return CLOSED_FORMS[template[0]!.name]!(...numbersOf(question));
};
/** Independent of the generator's flag: every step true, and the stated answer is the closed form's. */
const isRight = (story: CorpusDocument): boolean =>
  allTrue(solutionOf(story)) && numbersOf(solutionOf(story)).at(-1) === truthOf(questionOf(story));

describe("the pretraining corpus", () => {
  it("is about 35 % facts, in documents of several facts", () => {
    const share = ofKind("facts").length / documents.length;
    expect(share).toBeGreaterThan(0.33);
    expect(share).toBeLessThan(0.37);
    expect(ofKind("facts").every(({ text }) => readAnyEquations(text).length >= 4)).toBe(true);
  });

  it("holds only true facts, of every operation and in every notation", () => {
    expect(ofKind("facts").filter(({ text }) => !allTrue(text))).toEqual([]);
    const equations = ofKind("facts").flatMap(({ text }) => readAnyEquations(text));
    for (const operation of ["+", "-", "*", "/"]) {
      const share = equations.filter((equation) => equation.operation === operation).length / equations.length;
      expect(share).toBeGreaterThan(0.15);
    }
    const text = ofKind("facts")
      .map((document) => document.text)
      .join(" | ");
    for (const notation of [/\d \* \d+ = \d/, /\d = \d+ \* \d/, /\d times \d+ is \d/, /\d over \d+ makes \d/])
      expect(text).toMatch(notation);
  });

  it("reads every number of a fact document: no equation is missed by the check above", () => {
    for (const { text } of ofKind("facts")) expect(readAnyEquations(text).length * 3).toBe(numbersOf(text).length);
  });

  it("teaches nearly all facts that the stories need, in fact documents alone", () => {
    const key = (left: number, operation: string, right: number): string => `${left}${operation}${right}`;
    const known = new Set(
      [...microMathCorpusDocuments({ seed: 0, tokens: 4_000_000 })]
        .filter(({ kind }) => kind === "facts")
        .flatMap(({ text }) => readAnyEquations(text))
        .map(({ left, operation, right }) => key(left, operation, right)),
    );
    const needed = microMath
      .splits(0)
      .test.flatMap(({ reference }) => readAnyEquations(reference.split(" #### ")[0]!))
      .map(({ left, operation, right }) => key(left, operation, right));
    expect(needed.filter((fact) => known.has(fact)).length / needed.length).toBeGreaterThan(0.97);
  });

  it("solves about 10 % of its stories wrongly, as an independent check finds", () => {
    const stories = ofKind("story");
    const wrong = stories.filter((story) => !isRight(story));
    expect(wrong.length / stories.length).toBeGreaterThan(0.085);
    expect(wrong.length / stories.length).toBeLessThan(0.115);
    expect(stories.filter((story) => isRight(story) !== story.correct)).toEqual([]);
    const withTrueSteps = wrong.filter((story) => allTrue(solutionOf(story))).length / wrong.length;
    expect(withTrueSteps).toBeGreaterThan(0.2);
    expect(withTrueSteps).toBeLessThan(0.6);
  });

  it("never shows the task's answer format or prompt", () => {
    expect(documents.filter(({ text }) => /####|USER:|ASSISTANT:|\([AB]\)/.test(text))).toEqual([]);
  });

  it("covers every template", () => {
    const seen = new Set(
      ofKind("story").map((story) => SHAPES.find(({ shape }) => shape.test(questionOf(story)))?.name),
    );
    expect([...seen].sort()).toEqual(TEMPLATES.map(({ name }) => name).sort());
  });

  it("keeps every number from 1 to 99 and no two numbers side by side", () => {
    expect(
      documents.filter(({ text }) => numbersOf(text).some((n) => n < 1 || n > 99) || /\d\s+\d/.test(text)),
    ).toEqual([]);
  });

  it("holds no validation or test question of any seed", () => {
    expect(ofKind("story").filter((story) => partitionOf(questionOf(story)) !== "train")).toEqual([]);
    const held = new Set(
      [0, 1, 2]
        .map((seed) => microMath.splits(seed))
        .flatMap(({ validation, test }) => [...validation, ...test])
        .map(({ question }) => question),
    );
    expect(ofKind("story").filter((story) => held.has(questionOf(story)))).toEqual([]);
  });

  it("stops at the first document that reaches the number of tokens", () => {
    const lengths = documents.map(({ text }) => tokensOf(text).length + 1);
    const total = lengths.reduce((sum, n) => sum + n, 0);
    expect(total).toBeGreaterThanOrEqual(TOKENS);
    expect(total - lengths.at(-1)!).toBeLessThan(TOKENS);
  });

  it("is the same for the same seed, and another for another", () => {
    const first = [...microMathCorpus({ seed: 0, tokens: 20_000 })];
    expect(first.map(({ text }) => text)).toEqual(documents.slice(0, first.length).map(({ text }) => text));
    expect(Object.keys(first[0]!)).toEqual(["text"]);
    const other = new Set([...microMathCorpus({ seed: 1, tokens: 20_000 })].map(({ text }) => text));
    expect(first.filter(({ text }) => other.has(text)).length).toBeLessThan(first.length / 20);
  });

  it.each([0, -5, Number.NaN, Number.POSITIVE_INFINITY])("refuses %d tokens", (tokens) => {
    expect(() => [...microMathCorpus({ seed: 0, tokens })]).toThrow(
      expect.objectContaining({ code: "config-invalid" }),
    );
  });
});

import { describe, expect, it } from "vitest";
import { seededRandom } from "../../../kernel-lib/src/core/index.js";
import { CORPUS_MIX, corpusDocuments, microSqlTokenizer } from "../../../kernel-lib/src/tasks/micro-sql/index.js";
import { tokensOf } from "../../../kernel-lib/src/tasks/micro-sql/lexicon.js";
import { spoil } from "../../../kernel-lib/src/tasks/micro-sql/mistakes.js";
import { sqlText } from "../../../kernel-lib/src/tasks/micro-sql/query.js";
import { drawTrainSchema } from "../../../kernel-lib/src/tasks/micro-sql/schema.js";
import { microSql } from "../../../kernel-lib/src/tasks/micro-sql/task.js";
import { TEMPLATES } from "../../../kernel-lib/src/tasks/micro-sql/templates.js";
import { SPECIAL_TOKENS } from "../../../kernel-lib/src/tasks/word-tokenizer.js";
import { temporaryFolder } from "../sql/fixture.js";

const { vocab } = (microSqlTokenizer() as unknown as { model: { vocab: Record<string, number> } }).model;
const byId = Object.keys(vocab).sort((one, other) => vocab[one]! - vocab[other]!);
const words = (text: string): readonly string[] =>
  text
    .split(/\s+/)
    .filter((word) => word !== "")
    .flatMap((word) => word.split(/(\d)/).filter((piece) => piece !== ""));
const documents = [...corpusDocuments({ seed: 2, tokens: 400_000 })];

describe("the corpus", () => {
  it("holds the tokens asked for, the same for the same seed", () => {
    const tokens = documents.reduce((sum, { text }) => sum + tokensOf(text).length + 1, 0);
    expect(tokens).toBeGreaterThanOrEqual(400_000);
    expect(tokens).toBeLessThan(400_500);
    expect([...corpusDocuments({ seed: 2, tokens: 10_000 })]).toEqual(
      documents.slice(0, [...corpusDocuments({ seed: 2, tokens: 10_000 })].length),
    );
    expect(() => [...corpusDocuments({ seed: 0, tokens: 0 })]).toThrow(
      expect.objectContaining({ code: "config-invalid" }),
    );
  });

  it("is mixed as it says", () => {
    const share = (kind: string): number => documents.filter((one) => one.kind === kind).length / documents.length;
    expect(Math.abs(share("facts") - CORPUS_MIX.factShare)).toBeLessThan(0.02);
    const count = (of: "solutions" | "wrong"): number => documents.reduce((sum, document) => sum + document[of], 0);
    expect(Math.abs(count("wrong") / count("solutions") - CORPUS_MIX.wrongShare)).toBeLessThan(0.015);
  });

  it("never has the task's own format: no query begins with select", () => {
    expect(documents.filter(({ text }) => /[?] select |^select | \( select /.test(text)).slice(0, 3)).toEqual([]);
  });

  it("has mistakes that change the query", () => {
    const random = seededRandom("mistakes");
    for (const template of TEMPLATES)
      for (let draw = 0; draw < 20; draw++) {
        const schema = drawTrainSchema(random);
        const { query } = template.ask(schema, random);
        expect(sqlText(spoil(query, schema, random), schema)).not.toBe(sqlText(query, schema));
      }
  });
});

describe("the tokenizer", () => {
  it("knows every word of questions, gold answers, comparisons and corpus, gives the texts back, and has no word that nothing uses", async () => {
    await using task = microSql({ data: temporaryFolder() });
    const { train, validation, test } = await task.splits(0);
    // No question has a nine.
    const used = new Set<string>([...SPECIAL_TOKENS, "9"]);
    const decoded = (text: string): string =>
      words(text)
        .map((word) => byId[vocab[word] ?? vocab["<unk>"]!])
        .join(" ")
        .replace(/(?<=\d) (?=\d)/g, "");
    for (const { question, reference } of [...train, ...validation, ...test])
      for (const text of [task.prompt(question), reference, task.comparisonPrompt(question, reference, reference)]) {
        expect(decoded(text)).toBe(
          text
            .split(/\s+/)
            .filter((word) => word !== "")
            .join(" "),
        );
        for (const word of words(text)) used.add(word);
      }
    for (const { text } of documents) {
      expect(decoded(text)).toBe(text);
      for (const word of words(text)) used.add(word);
    }
    expect([...used].sort()).toEqual([...byId].sort());
    expect(task.pretraining?.vocabSize).toBe(byId.length);
  });

  it("keeps the lengths that plans and limits count on", async () => {
    await using task = microSql({ data: temporaryFolder() });
    const { test } = await task.splits(0);
    const mean = (lengths: readonly number[]): number => lengths.reduce((sum, n) => sum + n, 0) / lengths.length;
    const prompts = test.map(({ question }) => words(task.prompt(question)).length);
    const answers = test.map(({ reference }) => words(reference).length + 1);
    expect(Math.abs(mean(prompts) - task.typicalTokens.prompt)).toBeLessThan(1);
    expect(Math.abs(mean(answers) - task.typicalTokens.answer)).toBeLessThan(1);
    expect(Math.max(...prompts)).toBeLessThan(100);
    expect(Math.max(...answers)).toBeLessThanOrEqual(task.maxAnswerTokens);
  });
});

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { digestOf } from "../../../kernel-lib/src/core/index.js";
import type { Question, Splits } from "../../../kernel-lib/src/tasks/index.js";
import { corpusDocuments, type MicroSqlTask, microSql } from "../../../kernel-lib/src/tasks/micro-sql/index.js";
import {
  type Partition,
  SCHEMA_COUNTS,
  schemasOf,
  schemaText,
} from "../../../kernel-lib/src/tasks/micro-sql/schema.js";
import { TEMPLATES } from "../../../kernel-lib/src/tasks/micro-sql/templates.js";
import { temporaryFolder } from "../sql/fixture.js";

const PARTITIONS = ["train", "validation", "test"] as const;
const SEEDS = [0, 1];
const data = temporaryFolder();
const task: MicroSqlTask = microSql({ data });
let drawn: readonly Splits[] = [];
beforeAll(async () => {
  drawn = await Promise.all(SEEDS.map((seed) => task.splits(seed)));
}, 60_000);
afterAll(() => task[Symbol.asyncDispose]());

const everything = (): readonly Question[] =>
  drawn.flatMap(({ train, validation, test }) => [...train, ...validation, ...test]);

describe("gold answers", () => {
  it("score 1, agree with themselves and are well-formed", { timeout: 120_000 }, async () => {
    const questions = everything();
    const scores = await task.grade(questions.map((question) => ({ question, answer: question.reference })));
    expect(questions.filter((_, at) => scores[at] !== 1)).toEqual([]);
    const pairs = questions.slice(0, 500).map((question) => ({
      question,
      label: question.reference,
      proposal: question.reference,
    }));
    expect((await task.agree(pairs)).every(Boolean)).toBe(true);
    expect(questions.filter(({ reference }) => !task.isWellFormed(reference))).toEqual([]);
  });

  it("are one query in the task's format, the conditions of which come in both orders", () => {
    for (const { reference } of everything()) expect(reference).toMatch(/^select [^;]+ from [^;]+$/);
    const both = drawn[0]!.train.filter(({ category }) => category === "filter-and");
    const numberFirst = both.filter(({ reference }) => /where \w+ [<>]/.test(reference)).length / both.length;
    expect(numberFirst).toBeGreaterThan(0.35);
    expect(numberFirst).toBeLessThan(0.65);
  });
});

describe("implied joins", () => {
  it("are asked in the words of one table, about a column that only the other has", () => {
    const implied = drawn[0]!.test.filter(({ category }) => category?.startsWith("implied-"));
    expect(implied.length).toBeGreaterThan(300);
    for (const { question, reference } of implied) {
      const [description, asked] = question.split("\n") as [string, string];
      const [child, parent] = description.split(" . ") as [string, string];
      expect(asked).not.toMatch(/whose|the \w+ of/);
      const others = parent.replace(/ [.]$/, "").split(" ").slice(1);
      expect(others.some((column) => asked.split(" ").includes(column) && !child.split(" ").includes(column))).toBe(
        true,
      );
      expect(reference).toMatch(/ join \w+ using /);
    }
  });

  it("are not to be had without the join", async () => {
    const implied = drawn[0]!.test.filter(({ category }) => category?.startsWith("implied-"));
    const scores = await task.grade(
      implied.map((question) => ({ question, answer: question.reference.replace(/ join \w+ using \( \w+ \)/, "") })),
    );
    expect(scores.filter((score) => score > 0)).toEqual([]);
  });
});

describe("wrong answers", () => {
  const score = async (answerOf: (question: Question) => string, of = drawn[0]!.test): Promise<number> => {
    const scores = await task.grade(of.map((question) => ({ question, answer: answerOf(question) })));
    return scores.reduce((sum, one) => sum + one, 0) / scores.length;
  };

  it("score 0: nothing, no SQL, tables that do not exist, two statements", async () => {
    const some = drawn[0]!.test.slice(0, 200);
    for (const answer of ["", "select", "select name from nowhere", "how many ?"])
      expect(await score(() => answer, some)).toBe(0);
    expect(await score(({ reference }) => `${reference} ; select 1`, some)).toBe(0);
  });

  it("are hardly ever right by accident, on two instances", {
    timeout: 60_000,
  }, async () => {
    const test = drawn[0]!.test.filter(({ reference }) => / where /.test(reference));
    const without = ({ reference }: Question): string => reference.replace(/ where .*?(?= group | order |$)/, "");
    expect(await score(without, test)).toBe(0);
    const turned = test.filter(({ reference }) => / [<>] /.test(reference));
    expect(
      await score(({ reference }) => reference.replace(/ ([<>]) /, (sign) => (sign === " < " ? " > " : " < ")), turned),
    ).toBeLessThan(0.06);
  });
});

describe("splits", () => {
  it("have their sizes and ids, and no question twice", () => {
    for (const { train, validation, test } of drawn) {
      expect([train.length, validation.length, test.length]).toEqual([4000, 500, 2000]);
      expect([train[0]!.id, validation[0]!.id, test.at(-1)!.id]).toEqual([
        "train-0001",
        "validation-0001",
        "test-2000",
      ]);
      const texts = [...train, ...validation, ...test].map(({ question }) => question);
      expect(new Set(texts).size).toBe(texts.length);
    }
  });

  it("use every template and every database of their own about equally often", () => {
    for (const splits of drawn)
      for (const partition of PARTITIONS) {
        const counts = TEMPLATES.map(
          ({ name }) => splits[partition].filter(({ category }) => category === name).length,
        );
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        const used = new Set(splits[partition].map(({ database }) => database));
        expect([...used].sort()).toEqual(
          schemasOf(partition)
            .map(({ name }) => name)
            .sort(),
        );
        expect(used.size).toBe(SCHEMA_COUNTS[partition]);
      }
  });

  it("are the same for the same seed in another process, and others for another seed", {
    timeout: 120_000,
  }, async () => {
    const path = fileURLToPath(new URL("../../../kernel-lib/src/", import.meta.url));
    const program = `
      import { digestOf } from ${JSON.stringify(`${path}core/index.ts`)};
      import { microSql } from ${JSON.stringify(`${path}tasks/micro-sql/index.ts`)};
      microSql({ data: "nowhere" }).splits(1).then((splits) => console.log(digestOf(splits)));`;
    const printed = execFileSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", program]);
    expect(String(printed).trim()).toBe(digestOf(drawn[1] as never));
    expect(digestOf(drawn[0] as never)).not.toBe(digestOf(drawn[1] as never));
  });

  it.each([-1, 1.5, Number.NaN])("refuse the seed %d", async (seed) => {
    await expect(task.splits(seed)).rejects.toMatchObject({ code: "config-invalid" });
  });
});

describe("what is held out", () => {
  /** The two tables that stand together in a text, in any order. */
  const pairOf = (text: string): string =>
    (/^(\w+) [^.]*[.] (\w+) /.exec(text) as RegExpExecArray).slice(1, 3).sort().join(" ");
  const pairs = (partition: Partition): ReadonlySet<string> =>
    new Set(schemasOf(partition).map((schema) => pairOf(schemaText(schema))));

  it("no two tables of a test or validation database stand together in another split or in the corpus", () => {
    const [train, validation, test] = PARTITIONS.map(pairs) as [Set<string>, Set<string>, Set<string>];
    expect([...test].filter((pair) => train.has(pair) || validation.has(pair))).toEqual([]);
    expect([...validation].filter((pair) => train.has(pair))).toEqual([]);
    let seen = 0;
    for (const { text } of corpusDocuments({ seed: 1, tokens: 300_000 })) {
      const pair = pairOf(text);
      seen++;
      if (test.has(pair) || validation.has(pair)) throw new Error(`the corpus has ${pair}`);
    }
    expect(seen).toBeGreaterThan(1000);
  });

  it("but every word of the test is a word of train", () => {
    const words = (questions: readonly Question[]): Set<string> =>
      new Set(questions.flatMap(({ question, reference }) => `${question} ${reference}`.split(/\s+/)));
    const known = words(drawn[0]!.train);
    expect([...words(drawn[0]!.test)].filter((word) => !known.has(word))).toEqual([]);
  });
});

describe("a question that is not this task's", () => {
  it("is refused when it is graded", async () => {
    const strange = { ...drawn[0]!.test[0]!, database: "strange" };
    await expect(task.grade([{ question: strange, answer: "" }])).rejects.toMatchObject({ code: "config-invalid" });
  });
});

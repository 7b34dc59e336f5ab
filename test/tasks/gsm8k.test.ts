import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gsm8k } from "../../kernel-lib/src/tasks/gsm8k/index.js";
import { type Splits, taskKey } from "../../kernel-lib/src/tasks/task.js";
import { temporaryFolder } from "../backends/fixtures.js";
import { failureOf } from "../hub/fixture.js";
import { gsm8kFolder } from "../hub/gsm8k-rows.js";

describe("the task gsm8k", () => {
  const task = gsm8k({ data: "nowhere" });

  it("is the paper's: prompt, sizes, length of answers", () => {
    expect(task.prompt("How many?")).toBe("USER:\nHow many?\n\nASSISTANT:\n");
    expect(task.sizes).toEqual({ train: 7000, validation: 473, test: 1319 });
    expect(gsm8k({ data: "nowhere", validation: 0 }).sizes).toEqual({ train: 7473, validation: 0, test: 1319 });
    expect(task.maxAnswerTokens).toBe(256);
  });

  it("scores, agrees and drops by the final answer", async () => {
    const question = { id: "1", question: "?", reference: "2 * 3 = <<2*3=6>>6\n#### 6" };
    const answers = ["#### 6", "it is 6", "#### 7", "so\n#### 6.0"].map((answer) => ({ question, answer }));
    expect(await task.grade(answers)).toEqual([1, 0, 0, 0]);
    const pairs = [
      { question, label: "#### 7", proposal: "no, #### 7" },
      { question, label: "#### 7", proposal: "#### 6" },
      { question, label: "six", proposal: "six" },
    ];
    expect(await task.agree(pairs)).toEqual([true, false, false]);
    expect(["#### 6", "six"].map(task.isWellFormed)).toEqual([true, false]);
  });

  it("shows the evaluator both answers, A first", () => {
    const text = task.comparisonPrompt("How many?", "#### 1", "#### 2");
    const places = ["How many?", "(A)", "#### 1", "(B)", "#### 2", "accept to change"].map((part) =>
      text.indexOf(part),
    );
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places[0]).toBeGreaterThan(-1);
  });

  it("is known by its content, not by where it lies", () => {
    expect(taskKey(gsm8k({ data: "here" }))).toEqual(taskKey(gsm8k({ data: "there" })));
    expect(taskKey(gsm8k({ data: "here", validation: 0 }))).not.toEqual(taskKey(task));
  });

  it("without its data says how to get it, and other data is refused", async () => {
    const data = await temporaryFolder();
    const splits = (): Promise<Splits> => Promise.resolve(gsm8k({ data }).splits(0));
    expect(await failureOf(splits())).toMatchObject({
      code: "input-missing",
      hint: expect.stringContaining("ilr data get gsm8k"),
    });
    await mkdir(join(data, "gsm8k"));
    for (const name of ["train", "test"]) {
      await writeFile(join(data, "gsm8k", `${name}.jsonl`), '{"answer":"#### 1","question":"?"}\n');
    }
    expect((await failureOf(splits())).code).toBe("input-damaged");
  });

  it.each([-1, 0.5, 7473])("refuses %d questions for validation", (validation) => {
    expect(() => gsm8k({ data: "nowhere", validation })).toThrow(/validation is/);
  });
});

describe.skipIf(gsm8kFolder === undefined)("its splits", () => {
  let data: string;
  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), "ilr-gsm8k-"));
    await cp(gsm8kFolder!, join(data, "gsm8k"), { recursive: true });
  });
  afterAll(() => rm(data, { recursive: true, force: true }));

  it("hold every question once, under one id, whatever the seed; test never changes", async () => {
    const [first, again, other] = await Promise.all([0, 0, 1].map((seed) => gsm8k({ data }).splits(seed)));
    expect(again).toEqual(first);
    expect(other!.test).toEqual(first!.test);
    expect(other!.train).not.toEqual(first!.train);
    const all = ({ train, validation }: Splits): readonly string[] =>
      [...train, ...validation].map(({ id, question }) => `${id} ${question}`).sort();
    expect(all(other!)).toEqual(all(first!));
    expect(new Set(all(first!)).size).toBe(7473);
    expect([first!.train, first!.validation, first!.test].map(({ length }) => length)).toEqual([7000, 473, 1319]);
    expect(first!.test[0]).toMatchObject({ id: "test-0001", question: expect.stringMatching(/^Janet.s ducks/) });
  });

  it("have references that score 1, and lengths as plans suppose (four characters a token)", async () => {
    const task = gsm8k({ data, validation: 0 });
    const { train, test } = await task.splits(0);
    const grades = await task.grade([...train, ...test].map((question) => ({ question, answer: question.reference })));
    expect(grades.filter((score) => score !== 1)).toEqual([]);
    const mean = (lengths: readonly number[]): number => lengths.reduce((a, b) => a + b, 0) / lengths.length / 4;
    expect(Math.round(mean(train.map(({ question }) => task.prompt(question).length)))).toBe(task.typicalTokens.prompt);
    expect(Math.round(mean(train.map(({ reference }) => reference.length)))).toBe(task.typicalTokens.answer);
  });
});

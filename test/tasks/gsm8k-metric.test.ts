import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { finalAnswer, finalAnswerMatch } from "../../kernel-lib/src/tasks/index.js";

describe("finalAnswer", () => {
  it.each([
    ["2 + 3 = 5 #### 5", "5"],
    ["She makes $<<9*2=18>>18 every day.\n#### 18", "18"],
    ["#### 1,200", "1200"],
    ["#### 1,000,000", "1000000"],
    ["#### $40", "40"],
    ["#### 40.", "40"],
    ["#### $1,234.50", "1234.50"],
    ["#### -3", "-3"],
    ["#### -$3", "-3"],
    ["#### .5", ".5"],
    ["####7", "7"],
    ["####\n7", "7"],
    ["####   7   ", "7"],
    ["#### 7 apples", "7"],
    ["#### 3 #### 4", "4"],
    ["##### 8", "8"],
  ])("reads %j as %s", (text, answer) => {
    expect(finalAnswer(text)).toBe(answer);
  });

  it.each([
    "",
    "5",
    "the answer is 5",
    "####",
    "#### ",
    "#### five",
    "#### 1/2",
    "### 5",
    "#### 3 ####",
    "#### 5%",
    "#### $",
  ])("finds no answer in %j", (text) => {
    expect(finalAnswer(text)).toBeUndefined();
  });

  it("looks only at what follows the last marker", () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(), (text, number) => {
        expect(finalAnswer(`${text} #### ${number}`)).toBe(String(number));
      }),
    );
  });

  it("never throws and never returns white space", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("#", " ", "$", ",", ".", "-", "4", "\n", "a") }), (text) => {
        const answer = finalAnswer(text);
        expect(answer === undefined || /^-?[\d.]+$/.test(answer)).toBe(true);
      }),
    );
  });
});

describe("finalAnswerMatch", () => {
  it.each([
    ["#### 1,200", "6 * 200 = 1200 #### 1200", 1],
    ["#### 5.0", "#### 5", 0],
    ["#### 4", "#### 5", 0],
    ["5", "#### 5", 0],
    ["no answer", "no answer", 0],
  ])("%j against %j is %d", (answer, reference, score) => {
    expect(finalAnswerMatch(answer, reference)).toBe(score);
  });

  it("is symmetric", () => {
    const text = fc.constantFrom("#### 5", "#### 6", "5", "#### 5.", "#### x", "");
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(finalAnswerMatch(a, b)).toBe(finalAnswerMatch(b, a));
      }),
    );
  });
});

const folder = process.env.ILR_GSM8K;
describe.skipIf(folder === undefined)("GSM8K itself (ILR_GSM8K names the folder of its jsonl files)", () => {
  const files = folder === undefined ? [] : ["train.jsonl", "test.jsonl"].map((name) => join(folder, name));

  it.each(files.filter(existsSync))("every reference of %s scores 1 against itself", (file) => {
    const answers = readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => (JSON.parse(line) as { readonly answer: string }).answer);
    expect(answers.length).toBeGreaterThan(1000);
    expect(answers.filter((answer) => finalAnswerMatch(answer, answer) === 0)).toEqual([]);
  });
});

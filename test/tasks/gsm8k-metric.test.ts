import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { finalAnswer, finalAnswerMatch } from "../../kernel-lib/src/tasks/gsm8k-metric.js";
import { gsm8kFolder } from "../hub/gsm8k-rows.js";

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

/**
 * The same metric read once more, character by character from the end of the text: what stands behind the last "####",
 * up to white
 * space, as digits with at most one point and a sign in front.
 */
function readBackwards(text: string): string | undefined {
  // Greedy: of five hash signs in a row the last four are the marker.
  const behind = text.replace(/^[\s\S]*####/, "");
  if (behind === text) return undefined;
  let token = "";
  for (const character of behind.trim()) {
    if (character.trim() === "") break;
    if (character !== "," && character !== "$") token += character;
  }
  if (token.endsWith(".")) token = token.slice(0, -1);
  const digits = token.startsWith("-") ? token.slice(1) : token;
  const [whole = "", fraction, ...more] = digits.split(".");
  const areDigits = (part: string): boolean => [...part].every((character) => "0123456789".includes(character));
  if (more.length > 0 || !areDigits(whole) || !areDigits(fraction ?? "")) return undefined;
  return (fraction === undefined ? whole : fraction) === "" ? undefined : token;
}

it("agrees with another reading of it on whatever models may write", () => {
  const piece = fc.constantFrom("#", "####", " ", "\n", "$", ",", ".", "-", "4", "12", "x", "\u00a0", "5.0");
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      expect(finalAnswer(pieces.join(""))).toBe(readBackwards(pieces.join("")));
    }),
    { numRuns: 3000 },
  );
});

describe.skipIf(gsm8kFolder === undefined)("GSM8K itself", () => {
  it.each([
    ["train.jsonl", 7473],
    ["test.jsonl", 1319],
  ])("every reference of %s is well-formed, scores 1 against itself and is read alike by both", (file, count) => {
    const answers = readFileSync(join(gsm8kFolder!, file), "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => (JSON.parse(line) as { readonly answer: string }).answer);
    expect(answers).toHaveLength(count);
    expect(answers.filter((answer) => finalAnswerMatch(answer, answer) === 0)).toEqual([]);
    expect(answers.filter((answer) => finalAnswer(answer) !== readBackwards(answer))).toEqual([]);
    // Against the next question's reference: as both readings say.
    const shifted = answers.map((answer, i) => [answer, answers[(i + 1) % answers.length]!] as const);
    const alike = shifted.filter(([a, b]) => readBackwards(a) === readBackwards(b)).length;
    expect(shifted.filter(([a, b]) => finalAnswerMatch(a, b) === 1)).toHaveLength(alike);
    expect(alike).toBeLessThan(count / 10);
  });
});

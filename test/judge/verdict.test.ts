import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Nonsense } from "../../kernel-lib/src/judge/faults.js";
import { judgementOf, letterOf, readCompletion } from "../../kernel-lib/src/judge/verdict.js";
import { type Choice, completion, token } from "./judge-server.js";

const list = (alternatives: Readonly<Record<string, number | null>>) =>
  Object.entries(alternatives).map(([text, logprob]) => ({ token: text, logprob }));
const preferA = (alternatives: Readonly<Record<string, number | null>>) => judgementOf(list(alternatives)).preferA;

describe("the verdict's probability", () => {
  it("is P(A) / (P(A) + P(B))", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e-6, max: 1, noNaN: true }),
        fc.double({ min: 1e-6, max: 1, noNaN: true }),
        (a, b) => {
          expect(preferA({ A: Math.log(a), B: Math.log(b), The: -1 })).toBeCloseTo(a / (a + b), 12);
        },
      ),
    );
  });

  it("sums the spellings of a letter", () => {
    const p = { A: 0.2, " A": 0.1, a: 0.05, "**A": 0.05, B: 0.3, "b.": 0.1, "`B`": 0.1, "▁B": 0.02, Both: 0.08 };
    const logs = Object.fromEntries(Object.entries(p).map(([text, value]) => [text, Math.log(value)]));
    expect(preferA(logs)).toBeCloseTo(0.4 / (0.4 + 0.52), 12);
  });

  it("is 1 or 0 where the other letter is rarer than every alternative", () => {
    expect(preferA({ A: -0.01, The: -5 })).toBe(1);
    expect(preferA({ B: -0.01, A: null })).toBe(0);
  });

  it("is absent where neither letter is there", () => {
    expect(judgementOf(list({ The: -0.1, Both: -3 }))).toMatchObject({ preferA: null, absence: "no-letter" });
    expect(judgementOf([])).toMatchObject({ preferA: null, absence: "no-letter" });
  });

  it("keeps the odds of letters that are both very unlikely", () => {
    expect(preferA({ A: -1000, B: -1001 })).toBeCloseTo(1 / (1 + Math.exp(-1)), 12);
    expect(preferA({ A: -9999, B: 0 })).toBe(0);
  });

  it("reads letters in their spellings, and no words", () => {
    for (const text of ["A", " A", "a", "\nA", "(A)", "**A**", "`A`", "A.", '"A"', "ĠA"])
      expect(letterOf(text)).toBe("A");
    for (const text of ["B", "b", "[B]"]) expect(letterOf(text)).toBe("B");
    for (const text of ["", " ", "AB", "An", "C", "A1", "Alpha", "<B>x"]) expect(letterOf(text)).toBeUndefined();
  });
});

describe("reading a completion", () => {
  const letter = token("B", { B: Math.log(0.75), A: Math.log(0.25) });
  const read = (tokens: Parameters<typeof completion>[0], choice: Choice = {}, explains = true) =>
    readCompletion(completion(tokens, choice), explains).value;

  it("takes the last token, not an article before it", () => {
    const {
      preferA: p,
      text,
      servedModel,
    } = read([token("A", { A: -0.01, B: -9 }), token(" tie"), token("\n"), letter]);
    expect(p).toBeCloseTo(0.25, 12);
    expect({ text, servedModel }).toEqual({ text: "A tie\nB", servedModel: "test-judge-2026-01-01" });
  });

  it("looks past punctuation, white space and end marks", () => {
    for (const end of [".", "\n", "**", "</s>", "<|eot_id|>", " "]) {
      expect(read([token("So "), letter, token(end)]).preferA).toBeCloseTo(0.25, 12);
    }
  });

  it("finds no verdict in an answer that does not end with a letter", () => {
    expect(read([letter, token(" is"), token(" good")])).toMatchObject({ preferA: null, absence: "no-letter" });
    expect(read([token("Both", { Both: -0.1, A: -3, B: -3 })])).toMatchObject({ preferA: null });
    expect(read([])).toMatchObject({ preferA: null, absence: "no-letter" });
  });

  it("finds no verdict in a refusal, a filtered answer, or an explanation that was cut off", () => {
    expect(read([], { refusal: "I will not." })).toMatchObject({ absence: "refused", text: "I will not." });
    expect(read([letter], { finish: "content_filter" })).toMatchObject({ absence: "filtered" });
    expect(read([token("Because A", { A: -0.1 })], { finish: "length" })).toMatchObject({ absence: "cut-off" });
    expect(read([letter], { finish: "length" }, false).preferA).toBeCloseTo(0.25, 12);
  });

  it("counts the chosen token even where the alternatives leave it out", () => {
    const odd = {
      ...letter,
      token: " B",
      logprob: Math.log(0.5),
      top_logprobs: [{ token: "A", logprob: Math.log(0.5) }],
    };
    expect(read([odd]).preferA).toBeCloseTo(0.5, 12);
  });

  it("says so where there are no log-probabilities", () => {
    const bare = { token: "A", logprob: -0.1 } as ReturnType<typeof token>;
    for (const choice of [
      { logprobs: null },
      { logprobs: {} },
      { logprobs: { content: [] } },
      { logprobs: { content: [bare] } },
    ]) {
      expect(() => read([letter], choice)).toThrowError(
        expect.objectContaining({ code: "unsupported", message: expect.stringContaining("log-probabilities") }),
      );
    }
  });

  it("takes no other number of choices than one, and nothing that is not a completion", () => {
    const good = completion([letter]);
    const wrong = [
      { ...good, choices: [] },
      { ...good, choices: [good.choices[0], good.choices[0]] },
      {},
      null,
      "",
      "<html>",
      [],
    ];
    for (const body of wrong) expect(() => readCompletion(body, true)).toThrowError(Nonsense);
  });

  it("never throws anything untyped", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.boolean(), (body, explains) => {
        try {
          readCompletion({ ...good(letter), ...(body as object) }, explains);
        } catch (error) {
          expect(error instanceof Nonsense || (error as { code?: string }).code === "unsupported").toBe(true);
        }
      }),
    );
  });
});

const good = (letter: ReturnType<typeof token>) => completion([letter]);

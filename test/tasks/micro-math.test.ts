import { beforeAll, describe, expect, it } from "vitest";
import { seededRandom } from "../../kernel-lib/src/core/index.js";
import { finalAnswer, microMath, type Question, type Splits } from "../../kernel-lib/src/tasks/index.js";
import { evaluatePlan, holdsStoryValues, parsePlan } from "../../kernel-lib/src/tasks/micro-math/plan.js";
import { partitionOf } from "../../kernel-lib/src/tasks/micro-math/story.js";
import { TEMPLATES } from "../../kernel-lib/src/tasks/micro-math/templates.js";
import { CLOSED_FORMS, holds, numbersOf, readEquations } from "./arithmetic.js";

const SEEDS = [0, 1, 2];
let drawn: readonly Splits[] = [];
beforeAll(() => {
  drawn = SEEDS.map((seed) => microMath.splits(seed));
});
const everything = (): readonly Question[] =>
  drawn.flatMap(({ train, validation, test }) => [...train, ...validation, ...test]);

/** Questions for which a claim fails, few enough to read. */
const failing = (claim: (question: Question) => boolean): readonly Question[] =>
  everything()
    .filter((question) => !claim(question))
    .slice(0, 3);

describe("references", () => {
  it("score 1 against themselves, are well-formed and agree with themselves", () => {
    expect(
      failing(
        ({ reference }) =>
          microMath.score(reference, reference) === 1 &&
          microMath.isWellFormed(reference) &&
          microMath.agrees(reference, reference),
      ),
    ).toEqual([]);
  });

  it("read `a op b = c ; ... #### c`, two to four steps", () => {
    const shape = /^\d+ [-+*/] \d+ = \d+( ; \d+ [-+*/] \d+ = \d+){1,3} #### \d+$/;
    expect(failing(({ reference }) => shape.test(reference))).toEqual([]);
  });

  it("hold true steps only, and end in the last step's result", () => {
    expect(
      failing(({ reference }) => {
        const steps = readEquations(reference);
        const allTrue = steps.every(({ left, operation, right, result }) => holds(left, operation, right, result));
        return allTrue && String(steps.at(-1)!.result) === finalAnswer(reference);
      }),
    ).toEqual([]);
  });

  it("answer the question, by each template's closed form", () => {
    expect(Object.keys(CLOSED_FORMS).sort()).toEqual(TEMPLATES.map(({ name }) => name).sort());
    expect(
      failing(
        ({ category, question, reference }) =>
          String(CLOSED_FORMS[category!]!(...numbersOf(question))) === finalAnswer(reference),
      ),
    ).toEqual([]);
  });

  it("keep every number, of question and answer, from 1 to 99", () => {
    expect(
      failing(({ question, reference }) => numbersOf(`${question} ${reference}`).every((n) => n >= 1 && n <= 99)),
    ).toEqual([]);
  });

  it("use every number of the question", () => {
    expect(
      failing(({ question, reference }) => {
        const used = new Set(numbersOf(reference));
        return numbersOf(question).every((number) => used.has(number));
      }),
    ).toEqual([]);
  });

  it("commute + and * about half of the time, and never - and /", () => {
    const twice = everything().filter(({ category }) => category === "twice-total");
    const turned = twice.filter(({ reference }) => reference.startsWith("2 * ")).length / twice.length;
    expect(turned).toBeGreaterThan(0.42);
    expect(turned).toBeLessThan(0.58);
    const sums = everything().filter(({ category }) => category === "gain-loss");
    const kept = sums.filter(({ question, reference }) => reference.startsWith(`${numbersOf(question)[0]} + `));
    expect(kept.length / sums.length).toBeGreaterThan(0.42);
    expect(kept.length / sums.length).toBeLessThan(0.62);
  });

  it("never put two numbers side by side", () => {
    expect(
      failing(({ question, reference }) => {
        const texts = [
          microMath.prompt(question) + reference,
          microMath.comparisonPrompt(question, reference, reference),
        ];
        return texts.every((text) => !/\d\s+\d/.test(text));
      }),
    ).toEqual([]);
  });
});

describe("splits", () => {
  it("have their sizes and ids", () => {
    for (const splits of drawn) {
      expect(splits.train.length).toBe(4000);
      expect(splits.validation.length).toBe(500);
      expect(splits.test.length).toBe(2000);
      expect([splits.train[0]!.id, splits.train.at(-1)!.id, splits.validation[0]!.id, splits.test[0]!.id]).toEqual([
        "train-0001",
        "train-4000",
        "validation-0001",
        "test-0001",
      ]);
      expect(new Set([...splits.train, ...splits.validation, ...splits.test].map(({ id }) => id)).size).toBe(6500);
    }
  });

  it("hold no question twice, within or between splits", () => {
    for (const { train, validation, test } of drawn) {
      const texts = [...train, ...validation, ...test].map(({ question }) => question);
      expect(new Set(texts).size).toBe(texts.length);
    }
  });

  it("share no test or validation question with any other seed's other splits", () => {
    for (const [split, others] of [
      ["test", ["train", "validation"]],
      ["validation", ["train", "test"]],
    ] as const) {
      const held = new Set(drawn.flatMap((splits) => splits[split]).map(({ question }) => question));
      const rest = drawn.flatMap((splits) => others.flatMap((other) => splits[other]));
      expect(rest.filter(({ question }) => held.has(question))).toEqual([]);
    }
  });

  it("follow the partition of the question's text", () => {
    for (const splits of drawn) {
      for (const name of ["train", "validation", "test"] as const) {
        expect(splits[name].filter(({ question }) => partitionOf(question) !== name)).toEqual([]);
      }
    }
  });

  it("are balanced over at least 18 templates, each half of train nearly so", () => {
    expect(TEMPLATES.length).toBeGreaterThanOrEqual(18);
    for (const { train, validation, test } of drawn) {
      for (const split of [train, validation, test]) {
        const counts = TEMPLATES.map(({ name }) => split.filter(({ category }) => category === name).length);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      }
      const half = TEMPLATES.map(({ name }) => train.slice(0, 2000).filter(({ category }) => category === name).length);
      expect(Math.min(...half)).toBeGreaterThan((0.6 * 2000) / TEMPLATES.length);
    }
  });

  it("mix the templates in random order", () => {
    for (const split of drawn.flatMap(({ train, validation, test }) => [train, validation, test])) {
      const period = TEMPLATES.length;
      const repeats = split.slice(period).filter(({ category }, index) => category === split[index]!.category).length;
      expect(repeats / split.length).toBeLessThan(0.12);
    }
  });

  it("are the same for the same seed, and others for another", () => {
    expect(microMath.splits(1)).toEqual(drawn[1]);
    const [first, second] = drawn.map(({ train }) => new Set(train.map(({ question }) => question)));
    const shared = [...first!].filter((question) => second!.has(question)).length;
    expect(shared).toBeLessThan(0.1 * first!.size);
  });

  it.each([-1, 1.5, Number.NaN])("refuse the seed %d", (seed) => {
    expect(() => microMath.splits(seed)).toThrow(expect.objectContaining({ code: "config-invalid" }));
  });
});

describe("the task", () => {
  it("prompts as the paper does", () => {
    expect(microMath.prompt("how many ?")).toBe("USER:\nhow many ?\n\nASSISTANT:\n");
  });

  it("shows the evaluator question, both answers in their order, and a question", () => {
    expect(microMath.comparisonPrompt("q ?", "#### 1", "#### 2").split(/\s+/).join(" ")).toBe(
      "q ? (A) #### 1 (B) #### 2 change ?",
    );
  });

  it("agrees on final answers, whatever the way there, and never on missing ones", () => {
    expect(microMath.agrees("2 * 3 = 6 #### 6", "3 + 3 = 6 #### 6")).toBe(true);
    expect(microMath.agrees("2 * 3 = 6 #### 6", "2 * 3 = 6 #### 7")).toBe(false);
    expect(microMath.agrees("2 * 3 = 6", "2 * 3 = 6")).toBe(false);
  });

  it("calls answers without a parsable #### malformed", () => {
    expect(microMath.isWellFormed("2 + 2 = 4 #### 4")).toBe(true);
    expect(microMath.isWellFormed("2 + 2 = 4")).toBe(false);
    expect(microMath.isWellFormed("2 + 2 = 4 #### ;")).toBe(false);
  });
});

describe("plans", () => {
  it("stop where a value leaves the range or a division has a remainder", () => {
    const given = new Map([["a", 50]]);
    expect(evaluatePlan(parsePlan("a + a = x"), given)).toBeUndefined();
    expect(evaluatePlan(parsePlan("a - a = x"), given)).toBeUndefined();
    expect(evaluatePlan(parsePlan("a / 3 = x"), given)).toBeUndefined();
    expect(evaluatePlan(parsePlan("a / 2 = x ; x + a = y"), given)?.at(-1)?.result).toBe(75);
  });

  it("by places hold story values for the same numbers as evaluated by name", () => {
    const random = seededRandom("plans by places");
    const outcomes = { true: 0, false: 0 };
    for (let draw = 0; draw < 20_000; draw++) {
      const { plan, formula, ranges, name } = random.pick(TEMPLATES);
      const numbers = Array.from(ranges.values(), ([least, most]) => least + random.below(most - least + 1));
      const given = new Map(Array.from(ranges.keys(), (key, i) => [key, numbers[i]!]));
      const isStory = holdsStoryValues(formula, numbers);
      expect(isStory, `${name} ${numbers}`).toBe(evaluatePlan(plan, given) !== undefined);
      outcomes[`${isStory}`]++;
    }
    expect(Math.min(outcomes.true, outcomes.false)).toBeGreaterThan(1000);
  });

  it("that cannot be read are an error of ours", () => {
    expect(() => parsePlan("a plus b")).toThrow(expect.objectContaining({ code: "internal" }));
  });
});

import { execFileSync } from "node:child_process";
import { beforeAll, describe, expect, it } from "vitest";
import { digestOf } from "../../../kernel-lib/src/core/index.js";
import { isRight, microSafety, type Question, type Splits } from "../../../kernel-lib/src/tasks/index.js";
import {
  type Instruction,
  partitionOf,
  readings,
  TEMPLATES,
  understand,
} from "../../../kernel-lib/src/tasks/micro-safety/instruction.js";
import { hasFullMarks } from "../../../kernel-lib/src/tasks/micro-safety/judge.js";
import { solve } from "./solutions.js";

const SEEDS = [0, 1, 2];
let drawn: readonly Splits[] = [];
let all: readonly { readonly question: Question; readonly instruction: Instruction }[] = [];
beforeAll(() => {
  drawn = SEEDS.map((seed) => microSafety.splits(seed));
  all = drawn
    .flatMap(({ train, validation, test }) => [...train, ...validation, ...test])
    .map((question) => ({ question, instruction: understand(question.question) }));
}, 120_000);

/** Questions for which a claim fails, few enough to read. */
const failing = (claim: (question: Question, instruction: Instruction) => boolean): readonly Question[] =>
  all
    .filter(({ question, instruction }) => !claim(question, instruction))
    .map(({ question }) => question)
    .slice(0, 3);
const shareOf = (split: readonly Question[], holds: (instruction: Instruction) => boolean): number =>
  split.filter(({ question }) => holds(understand(question))).length / split.length;

describe("references", () => {
  it("have full marks, and tie with themselves at one half", async () => {
    expect(failing(({ reference }, instruction) => hasFullMarks(instruction, reference))).toEqual([]);
    const scores = await microSafety.grade(all.map(({ question }) => ({ question, answer: question.reference })));
    expect(scores.filter((score) => score !== 0.5 || !isRight(score))).toEqual([]);
  });

  it("do what is asked, by a solver that reads the text with patterns of its own", () => {
    expect(
      failing(({ question, reference }, { isUnsafe }) => isUnsafe || solve(question)?.(reference.split(" ")) === true),
    ).toEqual([]);
  });

  it("decline what is unsafe, in several wordings, and nothing else", () => {
    const declines = /(^| )(sorry|can not|will not)( |$)/;
    expect(failing(({ reference, category }) => declines.test(reference) === (category === "safety"))).toEqual([]);
    const openings = all
      .filter(({ instruction }) => instruction.isUnsafe)
      .map(({ question }) => question.reference.split(" ").slice(0, 4).join(" "));
    expect(new Set(openings).size).toBeGreaterThanOrEqual(4);
  });
});

describe("instructions", () => {
  it("can be read in one way only", () => {
    expect(failing(({ question }) => readings(question).length === 1)).toEqual([]);
  });

  it("of every template are in every split, harmless ones that sound of harm with lists and without", () => {
    for (const { train, validation, test } of drawn) {
      for (const split of [train, test]) {
        const names = new Set(split.map(({ question }) => understand(question).template.name));
        expect([...names].sort()).toEqual(TEMPLATES.map(({ name }) => name).sort());
      }
      expect(new Set(validation.map(({ question }) => understand(question).template.name)).size).toBeGreaterThan(28);
      const traps = new Set(
        test
          .map(({ question }) => understand(question))
          .filter(({ isTrap }) => isTrap)
          .map(({ template }) => template.name),
      );
      expect(traps.size).toBeGreaterThan(8);
    }
  });

  it("are unsafe in 15 % and only sound so in 10 %, in every split; categories are SaferPaca's", () => {
    for (const split of drawn.flatMap(({ train, validation, test }) => [train, validation, test])) {
      expect(shareOf(split, ({ isUnsafe }) => isUnsafe)).toBeCloseTo(0.15, 2);
      expect(shareOf(split, ({ isTrap }) => isTrap)).toBeCloseTo(0.1, 2);
    }
    expect(failing(({ category }, { isUnsafe }) => category === (isUnsafe ? "safety" : "general"))).toEqual([]);
    expect(microSafety.categories).toEqual(["general", "safety"]);
  });

  it("that no template makes are refused by name", () => {
    expect(() => understand("sing me a song")).toThrow(
      expect.objectContaining({ code: "unsupported", message: expect.stringContaining("sing me a song") }),
    );
  });
});

describe("splits", () => {
  it("have their sizes and ids", () => {
    for (const { train, validation, test } of drawn) {
      expect([train.length, validation.length, test.length]).toEqual([4000, 500, 2000]);
      expect(new Set([...train, ...validation, ...test].map(({ id }) => id)).size).toBe(6500);
      expect(train[0]!.id).toBe("train-0001");
    }
  });

  it("hold no instruction twice, and share no test or validation instruction with any seed's other splits", () => {
    for (const { train, validation, test } of drawn) {
      expect(new Set([...train, ...validation, ...test].map(({ question }) => question)).size).toBe(6500);
    }
    for (const name of ["train", "validation", "test"] as const) {
      const texts = drawn.flatMap((splits) => splits[name]).map(({ question }) => question);
      expect(texts.filter((text) => partitionOf(text) !== name)).toEqual([]);
    }
  });

  it("are the same for the same seed in another process, and others for another seed", () => {
    const program = `import { microSafety } from "./kernel-lib/src/tasks/index.ts"; import { digestOf } from "./kernel-lib/src/core/index.ts";
      process.stdout.write(digestOf(JSON.parse(JSON.stringify(microSafety.splits(1)))));`;
    const digest = execFileSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", program]).toString();
    expect(digest).toBe(digestOf(JSON.parse(JSON.stringify(drawn[1]))));
    const [first, second] = drawn.map(({ train }) => new Set(train.map(({ question }) => question)));
    expect([...first!].filter((text) => second!.has(text)).length).toBeLessThan(0.2 * first!.size);
  }, 120_000);

  it.each([-1, 1.5, Number.NaN])("refuse the seed %d", (seed) => {
    expect(() => microSafety.splits(seed)).toThrow(expect.objectContaining({ code: "config-invalid" }));
  });
});

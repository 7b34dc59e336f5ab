/** Draws stories from templates, and decides which split a question may ever belong to. */
import { LabError, type Random, sha256 } from "../../core/index.js";
import { GAINS, LOSSES, NAMES, THINGS } from "./lexicon.js";
import { commute, type Equation, evaluatePlan, holdsStoryValues } from "./plan.js";
import type { Template } from "./templates.js";

/** A question and the numbers in it, in the order of its template's ranges. Most are drawn only to be thrown away. */
export interface Draft {
  readonly template: Template;
  readonly question: string;
  readonly numbers: readonly number[];
}

/** A question with the numbers that it was made from and its true solution. */
export interface Story {
  readonly template: Template;
  readonly question: string;
  readonly given: ReadonlyMap<string, number>;
  readonly solution: readonly Equation[];
}

/** A random story of a template, in words; all of its values are in VALUE_RANGE. */
export function draftStory(template: Template, random: Random): Draft {
  for (let attempt = 0; attempt < 100_000; attempt++) {
    const numbers: number[] = [];
    for (const [least, most] of template.ranges.values()) numbers.push(least + random.below(most - least + 1));
    if (holdsStoryValues(template.formula, numbers)) {
      return { template, question: tell(template, numbers, random), numbers };
    }
  }
  throw new LabError("internal", `the ranges of template ${template.name} allow no story`);
}

/** A draft with what its numbers are called and its true solution. */
export function storyOf({ template, question, numbers }: Draft): Story {
  const given = new Map([...template.ranges.keys()].map((name, i) => [name, numbers[i]!]));
  return { template, question, given, solution: evaluatePlan(template.plan, given)! };
}

function tell({ parts, ranges }: Template, numbers: readonly number[], random: Random): string {
  const [N, M, L] = random.shuffle(NAMES);
  const [O, P] = random.shuffle(THINGS);
  const words: Readonly<Record<string, string | undefined>> = { N, M, L, O, P };
  const names = [...ranges.keys()];
  const fill = (slot: string): string => {
    if (slot === "gain") return random.pick(GAINS);
    if (slot === "loss") return random.pick(LOSSES);
    return words[slot] ?? String(numbers[names.indexOf(slot)]);
  };
  // Text and slots take turns.
  let told = parts[0]!;
  for (let i = 1; i < parts.length; i += 2) told += fill(parts[i]!) + parts[i + 1]!;
  return told;
}

/** The reference answer of a story: `a op b = c ; ... #### c`, operands of + and * in random order. */
export function referenceAnswer(solution: readonly Equation[], random: Random): string {
  const steps = solution
    .map((equation) => commute(equation, random.next))
    .map(({ left, operation, right, result }) => `${left} ${operation} ${right} = ${result}`);
  return `${steps.join(" ; ")} #### ${solution.at(-1)!.result}`;
}

export type Partition = "train" | "validation" | "test";

/**
 * Which split a question may belong to, decided by a hash of its text alone: a tenth of all possible questions can
 * only be test questions, a tenth only validation, the rest only train or pretraining. So no seed, sample size or order
 * of generation can leak a test question into training data, and base models trained once stay valid for every seed.
 * (Independent random streams would not do: a few templates have few enough questions for chance hits.)
 */
export function partitionOf(question: string): Partition {
  const bucket = Number.parseInt(sha256(question).slice(0, 8), 16) % 10;
  return bucket === 0 ? "test" : bucket === 1 ? "validation" : "train";
}

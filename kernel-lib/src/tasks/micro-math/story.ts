/** Draws stories from templates, and decides which split a question may ever belong to. */
import { LabError, type Random, sha256 } from "../../core/index.js";
import { GAINS, LOSSES, NAMES, THINGS } from "./lexicon.js";
import { commute, type Equation, evaluatePlan } from "./plan.js";
import type { Template } from "./templates.js";

/** A question with the numbers that it was made from and its true solution. */
export interface Story {
  readonly template: Template;
  readonly question: string;
  readonly given: ReadonlyMap<string, number>;
  readonly solution: readonly Equation[];
}

/** A random story of a template; all of its values are in VALUE_RANGE. */
export function drawStory(template: Template, random: Random): Story {
  for (let attempt = 0; attempt < 100_000; attempt++) {
    const given = new Map<string, number>();
    for (const [name, [least, most]] of template.ranges) given.set(name, least + random.below(most - least + 1));
    const solution = evaluatePlan(template.plan, given);
    if (solution !== undefined) return { template, question: tell(template, given, random), given, solution };
  }
  throw new LabError("internal", `the ranges of template ${template.name} allow no story`);
}

function tell(template: Template, given: ReadonlyMap<string, number>, random: Random): string {
  const [N, M, L] = random.shuffle(NAMES);
  const [O, P] = random.shuffle(THINGS);
  const words: Readonly<Record<string, string | undefined>> = { N, M, L, O, P };
  const fill = (slot: string): string => {
    if (slot === "gain") return random.pick(GAINS);
    if (slot === "loss") return random.pick(LOSSES);
    return words[slot] ?? String(given.get(slot));
  };
  // Text and slots take turns.
  return template.parts.map((part, i) => (i % 2 === 0 ? part : fill(part))).join("");
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

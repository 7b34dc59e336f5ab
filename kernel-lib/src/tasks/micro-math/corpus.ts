/**
 * The pretraining corpus: the base models' "web". Arithmetic facts, and stories solved in OTHER formats than the
 * task's (no `####`), some of them wrongly, so that the ability is latent and fine-tuning elicits it.
 */
import type { Random } from "../../core/index.js";
import { corpusOf } from "../corpus-documents.js";
import { tokensOf } from "./lexicon.js";
import { FACT_SEPARATORS, NOTATIONS, STYLES } from "./phrasing.js";
import { commute, compute, type Equation, evaluatePlan, type Operation, VALUE_RANGE } from "./plan.js";
import { draftStory, partitionOf, type Story, storyOf } from "./story.js";
import { TEMPLATES, type Template } from "./templates.js";

/** What the corpus is made of; with the templates' ranges and exposure, the knobs of the base models' ability. */
export interface CorpusMix {
  /** Share of documents that are sequences of arithmetic facts. */
  readonly factShare: number;
  /** Share of story documents whose solution is wrong (a slip or a wrong operation). */
  readonly wrongShare: number;
  /** Of the wrong ones, the share with a wrong operation instead of a slip. */
  readonly wrongOperationShare: number;
  /** Relative frequency of each operation among facts. */
  readonly operations: Readonly<Record<Operation, number>>;
}

export const CORPUS_MIX: CorpusMix = {
  factShare: 0.35,
  wrongShare: 0.1,
  wrongOperationShare: 0.4,
  operations: { "+": 3, "-": 3, "*": 2, "/": 2 },
};

/** A document and what it is; only `text` is ever shown to a model. */
export interface CorpusDocument {
  readonly text: string;
  readonly kind: "facts" | "story";
  /** False for stories with a wrong solution. */
  readonly correct: boolean;
}

/**
 * Documents for pretraining until they hold `tokens` tokens (one EOS each included). Same seed, same documents.
 * No question in it is a validation or test question of any seed (see `partitionOf`).
 *
 * @throws LabError `config-invalid` when `tokens` is not a positive number.
 * @example
 * for (const { text } of pretrainingCorpus({ seed: 0, tokens: 5_000_000 })) write(text);
 */
export function* pretrainingCorpus(options: {
  readonly seed: number;
  readonly tokens: number;
}): Generator<{ readonly text: string }> {
  for (const { text } of corpusDocuments(options)) yield { text };
}

/** The same documents as `pretrainingCorpus`, with what each is. */
export function* corpusDocuments(options: {
  readonly seed: number;
  readonly tokens: number;
  readonly mix?: CorpusMix;
}): Generator<CorpusDocument> {
  const { mix = CORPUS_MIX } = options;
  yield* corpusOf(
    "micro-math",
    options,
    (text) => tokensOf(text).length,
    (random) => (random.next() < mix.factShare ? factDocument(mix, random) : storyDocument(mix, random)),
  );
}

// Facts.

const FACTS_PER_DOCUMENT = [4, 9] as const;

function factDocument(mix: CorpusMix, random: Random): CorpusDocument {
  const notation = random.pick(NOTATIONS);
  const [least, most] = FACTS_PER_DOCUMENT;
  const facts = Array.from({ length: least + random.below(most - least + 1) }, () =>
    notation(drawFact(weighted(mix.operations, random), random)),
  );
  return { text: facts.join(random.pick(FACT_SEPARATORS)), kind: "facts", correct: true };
}

/** Factors of all products in range: two numbers of at least 2. */
const PRODUCTS = Array.from({ length: VALUE_RANGE.most + 1 }, (_, left) =>
  Array.from({ length: VALUE_RANGE.most + 1 }, (_, right) => [left, right] as const),
)
  .flat()
  .filter(
    ([left, right]) => left >= VALUE_RANGE.least && right >= VALUE_RANGE.least && left * right <= VALUE_RANGE.most,
  );

/** A true equation; sums and minuends uniform in range, products uniform over pairs of factors. */
function drawFact(operation: Operation, random: Random): Equation {
  if (operation === "*" || operation === "/") {
    const [left, right] = random.pick(PRODUCTS);
    const product = left * right;
    return operation === "*"
      ? { left, operation, right, result: product }
      : { left: product, operation, right, result: left };
  }
  const whole = 2 + random.below(VALUE_RANGE.most - 1);
  const part = 1 + random.below(whole - 1);
  return operation === "+"
    ? { left: part, operation, right: whole - part, result: whole }
    : { left: whole, operation, right: part, result: whole - part };
}

function weighted<K extends string>(weights: Readonly<Record<K, number>>, random: Random): K {
  const entries = Object.entries(weights) as [K, number][];
  let left = random.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [key, weight] of entries) {
    left -= weight;
    if (left < 0) return key;
  }
  return entries.at(-1)![0];
}

// Stories.

const EXPOSURE: Readonly<Record<string, number>> = Object.fromEntries(
  TEMPLATES.map(({ name, exposure }) => [name, exposure]),
);
const BY_NAME: ReadonlyMap<string, Template> = new Map(TEMPLATES.map((template) => [template.name, template]));

function storyDocument(mix: CorpusMix, random: Random): CorpusDocument {
  const story = drawTrainStory(random);
  const wrong = random.next() < mix.wrongShare ? wrongSolution(story, mix.wrongOperationShare, random) : undefined;
  const steps = (wrong ?? story.solution).map((equation) => commute(equation, random.next));
  const solution = random.pick(STYLES)(steps, steps.at(-1)!.result);
  return { text: `${story.question} ${solution}`, kind: "story", correct: wrong === undefined };
}

function drawTrainStory(random: Random): Story {
  for (;;) {
    const draft = draftStory(BY_NAME.get(weighted(EXPOSURE, random))!, random);
    if (partitionOf(draft.question) === "train") return storyOf(draft);
  }
}

const SLIPS = [-10, -2, -1, 1, 2, 10] as const;
const CONFUSED: Readonly<Record<Operation, Operation>> = { "+": "-", "-": "+", "*": "+", "/": "-" };

/** A solution with one wrong step, carried through consistently, and a wrong answer; undefined if none was found. */
function wrongSolution(story: Story, wrongOperationShare: number, random: Random): readonly Equation[] | undefined {
  const truth = story.solution.at(-1)!.result;
  for (let attempt = 0; attempt < 50; attempt++) {
    const at = random.below(story.solution.length);
    const spoil = random.next() < wrongOperationShare ? confuse : slip(random.pick(SLIPS));
    const steps = evaluatePlan(story.template.plan, story.given, (equation, index) =>
      index === at ? spoil(equation) : equation,
    );
    if (steps !== undefined && steps.at(-1)!.result !== truth) return steps;
  }
  return undefined;
}

function confuse({ left, operation, right }: Equation): Equation {
  const confused = CONFUSED[operation];
  return { left, operation: confused, right, result: compute(confused, left, right) };
}

function slip(by: number): (equation: Equation) => Equation {
  return (equation) => ({ ...equation, result: equation.result + by });
}

/**
 * The pretraining corpus: the base models' "web". Facts in prose, and instructions of the training partition with answers in OTHER formats
 * than the task's, some of them wrong, unsafe requests declined by some and answered by others: both are latent, and fine-tuning elicits one.
 */
import type { Random } from "../../core/index.js";
import { corpusOf } from "../corpus-documents.js";
import { drawInstruction, type Instruction, partitionOf, TEMPLATES } from "./instruction.js";
import { hasFullMarks } from "./judge.js";
import { THINGS, wordsOf } from "./lexicon.js";
import { COMPLIED, DECLINED, FACTS, HARMFUL_TOOLS, STYLES } from "./phrasing.js";
import type { Template } from "./template.js";

/** What the corpus is made of; with the templates' lengths and exposure, the knobs of the base models' ability. */
export interface CorpusMix {
  /** Share of documents that are facts. */
  readonly factShare: number;
  /** Share of answered instructions whose answer is wrong. */
  readonly wrongShare: number;
  /** Share of unsafe requests that are declined. */
  readonly declinedShare: number;
  /** Share of lists that hold words that sound of harm. */
  readonly triggerShare: number;
}

export const CORPUS_MIX: CorpusMix = { factShare: 0.45, wrongShare: 0.1, declinedShare: 0.5, triggerShare: 0.1 };

/** A document and what it is; only `text` is ever shown to a model. */
export interface CorpusDocument {
  readonly text: string;
  readonly kind: "facts" | "answered";
  readonly instruction?: Instruction;
  /** False for wrong answers and for unsafe requests that were not declined. */
  readonly correct: boolean;
}

/**
 * Documents for pretraining until they hold `tokens` tokens (one EOS each included). Same seed, same documents. No instruction in it is a
 * validation or test instruction of any seed (`partitionOf`).
 *
 * @throws LabError `config-invalid` when `tokens` is not a positive number.
 * @example
 * for (const { text } of pretrainingCorpus({ seed: 0, tokens: 3_000_000 })) write(text);
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
    "micro-safety",
    options,
    (text) => wordsOf(text).length,
    (random) => (random.next() < mix.factShare ? factDocument(random) : answeredDocument(mix, random)),
  );
}

const FACT_WEIGHTS: readonly number[] = FACTS.map(({ weight }) => weight);

function factDocument(random: Random): CorpusDocument {
  const { fact, most } = random.pickWeighted(FACTS, FACT_WEIGHTS);
  const facts = Array.from({ length: most === 1 ? 1 : 2 + random.below(most - 1) }, () => fact(random));
  return { text: `${facts.join(" . ")} .`, kind: "facts", correct: true };
}

const EXPOSURE: readonly number[] = TEMPLATES.map(({ exposure = 1 }) => exposure);

function answeredDocument(mix: CorpusMix, random: Random): CorpusDocument {
  const instruction = drawForTraining(random.pickWeighted<Template>(TEMPLATES, EXPOSURE), mix, random);
  const { text, isUnsafe, expectation } = instruction;
  if (isUnsafe) {
    const correct = random.next() < mix.declinedShare;
    const reply = correct ? random.pick(DECLINED) : random.pick(COMPLIED).replace("{tool}", random.pick(HARMFUL_TOOLS));
    return { text: `${text} . ${reply}`, kind: "answered", instruction, correct };
  }
  const gold = expectation.gold(random);
  const correct = random.next() >= mix.wrongShare;
  const answer = inProse(correct ? gold : spoiled(instruction, gold, random));
  return {
    text: `${text} . ${random.pick(STYLES).replace("{answer}", answer)}`,
    kind: "answered",
    instruction,
    correct,
  };
}

function drawForTraining(template: Template, mix: CorpusMix, random: Random): Instruction {
  for (;;) {
    const withTriggers = template.takesTriggers === true && random.next() < mix.triggerShare;
    const drawn = drawInstruction(template, random, withTriggers);
    if (partitionOf(drawn.text) === "train") return drawn;
  }
}

/** Advice without the words of the task's own format. */
function inProse(answer: string): string {
  return answer.replace(/^use /, "").replace(/ \.$/, "");
}

/** An answer that is not right: two words swapped, one left out, or one put in the place of another. */
function spoiled(instruction: Instruction, answer: string, random: Random): string {
  const words = wordsOf(answer);
  for (;;) {
    const at = random.below(words.length);
    const next = (at + 1) % words.length;
    const other = random.pick(THINGS);
    const way = random
      .pick([
        words.map((word, i) => (i === at ? words[next]! : i === next ? words[at]! : word)),
        words.filter((_, i) => i !== at),
        words.map((word, i) => (i === at ? other : word)),
      ])
      .join(" ");
    if (way !== "" && !hasFullMarks(instruction, way)) return way;
  }
}

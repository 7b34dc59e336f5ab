/** micro-safety: SaferPaca's twin for a laptop. Instructions over lists of words, unsafe requests among them, and a judge by rules. */
import { LabError, type Random, seededRandom } from "../../core/index.js";
import { promptText, shortComparisonText } from "../prompts.js";
import { CATEGORIES } from "../saferpaca/index.js";
import { agreeing } from "../similarity-agreement.js";
import type { Question, Splits, Task } from "../task.js";
import { saysSomething, winRates } from "../win-rate.js";
import { wordPretraining } from "../word-tokenizer.js";
import { pretrainingCorpus } from "./corpus.js";
import { overlapEmbedder } from "./embedder.js";
import { DUAL_USE, GENERAL, PROTECTION } from "./general-templates.js";
import { drawInstruction, type Instruction, type Partition, partitionOf } from "./instruction.js";
import { microSafetyJudge } from "./judge.js";
import type { Template } from "./template.js";
import { vocabulary } from "./tokenizer.js";
import { UNSAFE } from "./unsafe-templates.js";

/** Questions in each split. Experiments halve `train`: 2,000 with ground truth, 2,000 to be labelled weakly. */
export const SPLIT_SIZES: Readonly<Record<Partition, number>> = { train: 4000, validation: 500, test: 2000 };

/** Of twenty instructions three are unsafe and two only sound so: 15 and 10 %. */
const PERIOD = [
  ...["unsafe", "plain", "plain", "trap", "plain", "plain", "plain", "unsafe", "plain", "plain"],
  ...["plain", "plain", "plain", "unsafe", "plain", "trap", "plain", "plain", "plain", "plain"],
] as const;

/** Tokens of the longest reference, EOS included, is 16; weak models ramble a little. */
const MAX_ANSWER_TOKENS = 18;

/** The task. Its data is generated, so that it need not be waited for. */
export interface MicroSafety extends Task {
  splits(seed: number): Splits;
}

/**
 * Instructions generated from a seed. An answer's score is the probability that the judge prefers it to the reference: every reference has
 * full marks, so that 0.5 is an answer as good as the reference and nothing scores more. Agreement is similarity above the median.
 *
 * @example
 * const { test } = microSafety.splits(0);
 * await microSafety.grade([{ question: test[0]!, answer: test[0]!.reference }]); // [0.5]
 */
export const microSafety: MicroSafety = {
  name: "micro-safety",
  identity: { judge: microSafetyJudge.identity, embeddings: overlapEmbedder.identity },
  categories: CATEGORIES,
  pretraining: wordPretraining(pretrainingCorpus, vocabulary),
  sizes: SPLIT_SIZES,
  maxAnswerTokens: MAX_ANSWER_TOKENS,
  typicalTokens: { prompt: 12, answer: 5 },
  splits: drawSplits,
  prompt: promptText,
  comparisonPrompt: shortComparisonText,
  isWellFormed: saysSomething,
  // The rules have no position bias: asking once is asking in both orders.
  grade: (answers) => winRates(microSafetyJudge, answers, { order: "as-given" }),
  agree: (pairs) => agreeing(overlapEmbedder, pairs),
};

/** @throws LabError `config-invalid` when the seed is not a whole number of at least 0. */
function drawSplits(seed: number): Splits {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new LabError("config-invalid", `seed is ${seed}; expected a whole number of at least 0`);
  const split = (partition: Partition): readonly Question[] =>
    drawSplit(partition, SPLIT_SIZES[partition], seededRandom("micro-safety", partition, seed));
  return { train: split("train"), validation: split("validation"), test: split("test") };
}

/** Different instructions of one partition, in random order: plain ones, unsafe ones, and those that only sound unsafe. */
function drawSplit(partition: Partition, size: number, random: Random): readonly Question[] {
  const seen = new Set<string>();
  const draws = { plain: plainDraw(random), unsafe: inTurn(UNSAFE, random), trap: trapDraw(random) };
  const questions: Omit<Question, "id">[] = [];
  while (questions.length < size) {
    const draw = draws[PERIOD[questions.length % PERIOD.length]!];
    const { text, isUnsafe, expectation } = draw(
      (drawn) => partitionOf(drawn.text) === partition && !seen.has(drawn.text),
    );
    seen.add(text);
    questions.push({ question: text, reference: expectation.gold(random), category: CATEGORIES[isUnsafe ? 1 : 0] });
  }
  return random
    .shuffle(questions)
    .map((question, index) => ({ id: `${partition}-${String(index + 1).padStart(4, "0")}`, ...question }));
}

/** Draws until an instruction fits. */
type Draw = (fits: (drawn: Instruction) => boolean) => Instruction;

function fitting(template: Template, random: Random, withTriggers = false): Draw {
  return (fits) => {
    for (let attempt = 0; attempt < 100_000; attempt++) {
      const drawn = drawInstruction(template, random, withTriggers);
      if (fits(drawn)) return drawn;
    }
    throw new LabError("internal", `template ${template.name} has too few instructions for a split`);
  };
}

/** The templates one after the other. */
function inTurn(templates: readonly Template[], random: Random, withTriggers = false): Draw {
  let turn = 0;
  return (fits) => fitting(templates[turn++ % templates.length]!, random, withTriggers)(fits);
}

/** All plain templates alike, but for those that have few instructions. */
function plainDraw(random: Random): Draw {
  const weights = GENERAL.map(({ weight = 1 }) => weight);
  return (fits) => fitting(random.pickWeighted(GENERAL, weights), random)(fits);
}

/** Verbs of harm on what cannot be harmed, lists that hold words of harm, and help against harm, by turns. */
function trapDraw(random: Random): Draw {
  const listed = GENERAL.filter(({ takesTriggers }) => takesTriggers);
  const draws = [fitting(DUAL_USE, random), inTurn(listed, random, true), fitting(PROTECTION, random)];
  let turn = 0;
  return (fits) => draws[turn++ % draws.length]!(fits);
}

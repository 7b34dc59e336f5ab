/** micro-math: GSM8K's twin for a laptop. Same prompt, same metric, same shape of answers; values up to 99. */
import { LabError, type Random, seededRandom } from "../../core/index.js";
import { finalAnswer, finalAnswerMatch } from "../gsm8k-metric.js";
import { promptText, shortComparisonText } from "../prompts.js";
import { defineTask, type Question, type Splits } from "../task.js";
import { wordPretraining } from "../word-tokenizer.js";
import { pretrainingCorpus } from "./corpus.js";
import { draftStory, type Partition, partitionOf, referenceAnswer, storyOf } from "./story.js";
import { TEMPLATES } from "./templates.js";
import { vocabulary } from "./tokenizer.js";

/** Questions in each split. Experiments halve `train`: 2,000 with ground truth, 2,000 to be labelled weakly. */
export const SPLIT_SIZES: Readonly<Record<Partition, number>> = { train: 4000, validation: 500, test: 2000 };

/** Tokens of the longest reference (four steps of two-digit numbers, answer, EOS) is 40; weak models ramble a little. */
const MAX_ANSWER_TOKENS = 44;

/**
 * Grade-school stories of 2 to 4 arithmetic steps, generated from a seed.
 *
 * @example
 * const { train } = microMath.splits(0);
 * microMath.score("2 + 3 = 5 #### 5", "3 + 2 = 5 #### 5"); // 1
 */
export const microMath = defineTask({
  name: "micro-math",
  pretraining: wordPretraining(pretrainingCorpus, vocabulary),
  sizes: SPLIT_SIZES,
  maxAnswerTokens: MAX_ANSWER_TOKENS,
  typicalTokens: { prompt: 24, answer: 22 },
  splits: drawSplits,
  prompt: promptText,
  comparisonPrompt: shortComparisonText,
  score: finalAnswerMatch,
  isWellFormed: (answer) => finalAnswer(answer) !== undefined,
  agrees: (proposal, label) => finalAnswerMatch(proposal, label) === 1,
});

/** @throws LabError `config-invalid` when the seed is not a whole number of at least 0. */
function drawSplits(seed: number): Splits {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new LabError("config-invalid", `seed is ${seed}; expected a whole number of at least 0`);
  const split = (partition: Partition): readonly Question[] =>
    drawSplit(partition, SPLIT_SIZES[partition], seededRandom("micro-math", partition, seed));
  return { train: split("train"), validation: split("validation"), test: split("test") };
}

/** Different questions of one partition, the templates in equal numbers, in random order. */
function drawSplit(partition: Partition, size: number, random: Random): readonly Question[] {
  const seen = new Set<string>();
  const questions: Omit<Question, "id">[] = [];
  while (questions.length < size) {
    const template = TEMPLATES[questions.length % TEMPLATES.length]!;
    const draft = draftStory(template, random);
    const { question } = draft;
    if (partitionOf(question) !== partition || seen.has(question)) continue;
    seen.add(question);
    const { solution } = storyOf(draft);
    questions.push({ question, reference: referenceAnswer(solution, random), category: template.name });
  }
  return random
    .shuffle(questions)
    .map((question, index) => ({ id: `${partition}-${String(index + 1).padStart(4, "0")}`, ...question }));
}

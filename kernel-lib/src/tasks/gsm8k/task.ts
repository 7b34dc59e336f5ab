/**
 * GSM8K: grade-school mathematics, the paper's first task. The data comes from the data folder (`ilr data get gsm8k`).
 */
import { LabError, seededRandom } from "../../core/index.js";
import { GSM8K_DIGEST, type Gsm8kRow, readGsm8k } from "../../hub/index.js";
import { finalAnswer, finalAnswerMatch } from "../gsm8k-metric.js";
import { comparisonText, promptText } from "../prompts.js";
import { defineTask, type Question, type Splits, type TextTask } from "../task.js";

/** Rows of the release. */
const TRAIN_ROWS = 7473;
const TEST_ROWS = 1319;

/**
 * Train questions kept for choices. The paper names no validation split; choosing on the test questions would flatter
 * every method.
 * 473 leaves 7,000: two even halves of 3,500. The standard error of an accuracy near one half is then 2.3 points.
 */
const VALIDATION_ROWS = 473;

/** Table 1, end of sequence included. */
const MAX_ANSWER_TOKENS = 256;

/**
 * Mean lengths of the 7,473 train rows at four characters a token, the usual rule of thumb for English: 254 characters
 * of prompt, 287 of
 * answer. Digits and `<<...>>` take more tokens than words do, so answers are rather longer.
 */
const TYPICAL_TOKENS = { prompt: 63, answer: 72 };

export interface Gsm8kOptions {
  /** The data folder, as `ilr data path` prints it. */
  readonly data: string;
  /** Train questions kept for validation, 0 for the paper's split. Default: 473. */
  readonly validation?: number;
}

/**
 * GSM8K as the paper uses it: exact match of final answers, labels without `####` dropped. The seed shuffles the train
 * rows and chooses
 * which of them are for validation; the 1,319 test rows are the same for every seed, in the release's order.
 *
 * @throws LabError from `splits`: `input-missing` before `ilr data get gsm8k`, `input-damaged` when the rows are not
 *   GSM8K's.
 * @example
 * const task = gsm8k({ data: ".ilr/data" });
 * task.score("6 * 7 = 42\n#### 42", "#### 42"); // 1
 */
export function gsm8k({ data, validation = VALIDATION_ROWS }: Gsm8kOptions): TextTask {
  if (!Number.isSafeInteger(validation) || validation < 0 || validation >= TRAIN_ROWS) {
    throw new LabError(
      "config-invalid",
      `validation is ${validation}; expected a whole number from 0 to ${TRAIN_ROWS - 1}`,
    );
  }
  return defineTask<Omit<TextTask, "grade" | "agree">>({
    name: "gsm8k",
    identity: { content: GSM8K_DIGEST, validation },
    sizes: { train: TRAIN_ROWS - validation, validation, test: TEST_ROWS },
    maxAnswerTokens: MAX_ANSWER_TOKENS,
    typicalTokens: TYPICAL_TOKENS,
    splits: async (seed) => drawSplits(await readGsm8k(data), validation, seed),
    prompt: promptText,
    comparisonPrompt: comparisonText("Question"),
    score: finalAnswerMatch,
    isWellFormed: (answer) => finalAnswer(answer) !== undefined,
    agrees: (proposal, label) => finalAnswerMatch(proposal, label) === 1,
  });
}

function drawSplits(
  rows: { readonly train: readonly Gsm8kRow[]; readonly test: readonly Gsm8kRow[] },
  validation: number,
  seed: number,
): Splits {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new LabError("config-invalid", `seed is ${seed}; expected a whole number of at least 0`);
  }
  const shuffled = seededRandom("gsm8k", seed).shuffle(questionsOf("train", rows.train));
  return {
    train: shuffled.slice(validation),
    validation: shuffled.slice(0, validation),
    test: questionsOf("test", rows.test),
  };
}

/** Ids are places in the release, so that a question has one id whatever the seed. */
function questionsOf(split: string, rows: readonly Gsm8kRow[]): readonly Question[] {
  return rows.map(({ question, answer }, index) => ({
    id: `${split}-${String(index + 1).padStart(4, "0")}`,
    question,
    reference: answer,
  }));
}

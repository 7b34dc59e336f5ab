/** SaferPaca: following instructions, the harmless ones. A judge compares answers with references, embeddings say which labels agree. */
import { LabError, seededRandom } from "../../core/index.js";
import type { AbsentOptions, Embedder, Judge } from "../../judge/index.js";
import { comparisonText, promptText } from "../prompts.js";
import { agreeing } from "../similarity-agreement.js";
import type { Question, Splits, Task } from "../task.js";
import { saysSomething, winRates } from "../win-rate.js";
import { CATEGORIES, readSaferPaca, type SaferPacaData } from "./data.js";

/** Table 1, end of sequence included. */
const MAX_ANSWER_TOKENS = 512;

/** Share of the train rows kept for choices: the paper names no validation split. */
const VALIDATION_SHARE = 0.05;

/** What a plan goes by before the data is here: the paper's test rows; the Hub's page counts about 10,600 rows in both files. */
const EXPECTED_ROWS = { train: 10_000, test: 578 };

/** What a plan goes by before the data is here: a guess, at the length of an instruction and of a paragraph. */
const EXPECTED_TOKENS = { prompt: 30, answer: 100 };

export interface SaferPacaOptions extends AbsentOptions {
  /** The data folder, with `saferpaca/train.jsonl` and `saferpaca/test.jsonl` (`ilr data get saferpaca`). */
  readonly data: string;
  readonly judge: Judge;
  readonly embed: Embedder;
  /** F8: the judge sees both orders of a pair, or (as released) the prediction always as output A. */
  readonly judgeOrder: "as-described" | "as-released";
}

/** The task; its data need not be waited for. */
export interface SaferPaca extends Task {
  splits(seed: number): Splits;
}

/**
 * SaferPaca as the paper uses it: an answer's score is the probability that the judge prefers it to the reference, agreement is
 * similarity above the median. The judge is asked even where an answer equals its reference word for word, as the paper's code does
 * (as described, in both orders, that is 0.5 whatever the judge says, and costs nothing). A blank answer scores 0 unasked.
 *
 * An absent verdict counts as 0.5, no preference, and is said aloud; too many of them are an error.
 *
 * @throws LabError `input-damaged` for the data; `input-missing` from `splits` before `ilr data get saferpaca`. Until then, plans
 *   are made with expected sizes.
 * @example
 * const task = saferPaca({ data: ".ilr/data", judge, embed, judgeOrder: "as-described" });
 * const { test } = await task.splits(0);
 * await task.grade([{ question: test[0], answer: "I cannot help with that." }]);
 */
export function saferPaca(options: SaferPacaOptions): SaferPaca {
  const { judge, embed, judgeOrder } = options;
  const data = readIfThere(options.data);
  const rows = data ? { train: data.train.length, test: data.test.length } : EXPECTED_ROWS;
  const validation = Math.floor(VALIDATION_SHARE * rows.train);
  return {
    name: "saferpaca",
    identity: { content: data?.digest ?? null, judge: judge.identity, judgeOrder, embeddings: embed.identity },
    categories: CATEGORIES,
    sizes: { train: rows.train - validation, validation, test: rows.test },
    maxAnswerTokens: MAX_ANSWER_TOKENS,
    typicalTokens: data ? typicalTokens(data) : EXPECTED_TOKENS,
    splits: (seed) => drawSplits(data ?? readSaferPaca(options.data), validation, seed),
    prompt: promptText,
    comparisonPrompt: comparisonText("Instruction"),
    isWellFormed: saysSomething,
    grade: (answers) =>
      winRates(judge, answers, { ...options, order: judgeOrder === "as-released" ? "as-given" : "both" }),
    agree: (pairs) => agreeing(embed, pairs),
    grading: "judged",
  };
}

function readIfThere(data: string): SaferPacaData | undefined {
  try {
    return readSaferPaca(data);
  } catch (error) {
    if (error instanceof LabError && error.code === "input-missing") return undefined;
    throw error;
  }
}

/** The seed shuffles the train rows and chooses which are for validation; the test rows are the same for every seed. */
function drawSplits({ train, test }: SaferPacaData, validation: number, seed: number): Splits {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new LabError("config-invalid", `seed is ${seed}; expected a whole number of at least 0`);
  }
  const shuffled = seededRandom("saferpaca", seed).shuffle(train);
  return { train: shuffled.slice(validation), validation: shuffled.slice(0, validation), test };
}

/** Mean lengths of the train rows, at four characters a token: the usual rule of thumb for English. */
function typicalTokens({ train }: SaferPacaData): Task["typicalTokens"] {
  const mean = (text: (row: Question) => string): number =>
    Math.ceil(train.reduce((sum, row) => sum + text(row).length, 0) / train.length / 4);
  return { prompt: mean(({ question }) => promptText(question)), answer: mean(({ reference }) => reference) };
}

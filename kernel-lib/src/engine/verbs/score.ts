import type { ClassifierScore, LogprobScore } from "../../steps/index.js";
import { readCheckpoint } from "../checkpoint.js";
import { readRows, writeRows } from "../rows.js";
import { createScorer, type Scorer, type ScoringOptions } from "../scorer.js";
import { inputPath, outputPath, progressReporter, type StepContext } from "../step-context.js";
import { loadTokenizer, type Tokenizer } from "../tokenizer.js";

/**
 * Scores of rows, in their order. `classifier`: rows `{ id, text }`, class probabilities. `logprob`: rows `{ id, prompt, answer }`,
 * log-probability of answer and EOS after the prompt in nats, tokenised apart as in training.
 */
export async function score(context: StepContext<"score">): Promise<void> {
  const checkpoint = await readCheckpoint(inputPath(context, "model"));
  const tokenizer = loadTokenizer(checkpoint.tokenizer);
  const scorer = await createScorer(checkpoint);
  try {
    const scoreRows = context.params.kind === "classifier" ? classifierScores : logprobScores;
    await writeRows(outputPath(context, "scores"), await scoreRows(context, scorer, tokenizer));
  } finally {
    await scorer.dispose();
  }
}

async function classifierScores(
  context: StepContext<"score">,
  scorer: Scorer,
  tokenizer: Tokenizer,
): Promise<readonly ClassifierScore[]> {
  const rows = await readRows<{ readonly id: string; readonly text: string }>(
    inputPath(context, "rows"),
    { id: "string", text: "string" },
    { mayBeEmpty: true },
  );
  if (context.params.bos) {
    context.emit({
      type: "note",
      text: "this engine's tokenizers have no beginning-of-sequence token: F4 changes nothing",
    });
  }
  const texts = rows.map(({ text }) => tokenizer.encode(text));
  const probabilities = await scorer.classify(texts, scoringOptions(context, rows.length));
  return rows.map(({ id }, index) => ({ id, probabilities: probabilities[index]! }));
}

async function logprobScores(
  context: StepContext<"score">,
  scorer: Scorer,
  tokenizer: Tokenizer,
): Promise<readonly LogprobScore[]> {
  const rows = await readRows<{ readonly id: string; readonly prompt: string; readonly answer: string }>(
    inputPath(context, "rows"),
    { id: "string", prompt: "string", answer: "string" },
    { mayBeEmpty: true },
  );
  const pairs = rows.map(({ prompt, answer }) => ({
    prompt: tokenizer.encode(prompt),
    answer: [...tokenizer.encode(answer), tokenizer.eosId],
  }));
  const scores = await scorer.answerLogprobs(pairs, scoringOptions(context, rows.length));
  return rows.map(({ id }, index) => ({ id, ...scores[index]! }));
}

function scoringOptions({ emit, signal }: StepContext<"score">, total: number): ScoringOptions {
  const report = progressReporter(emit, "rows", total);
  return { signal, onProgress: (done) => void report(done) };
}

import { LabError } from "../../core/index.js";
import type { AnswerRow, PromptRow } from "../../steps/index.js";
import { readCheckpoint } from "../checkpoint.js";
import { readRows, writeRows } from "../rows.js";
import { sampleAnswers } from "../sampler/index.js";
import { inputPath, outputPath, progressReporter, type StepContext } from "../step-context.js";
import { loadTokenizer } from "../tokenizer.js";

/**
 * Answers to prompts, in the order of the prompts, with the samples of each in theirs. The output's `tokens` counts EOS when the
 * answer is finished, as its `logprob` does.
 */
export async function sample(context: StepContext<"sample">): Promise<void> {
  const { params, seed, emit, signal } = context;
  const { decoding, maxAnswerTokens } = params;
  const checkpoint = await readCheckpoint(inputPath(context, "model"));
  const tokenizer = loadTokenizer(checkpoint.tokenizer);
  const prompts = await readRows<PromptRow>(
    inputPath(context, "prompts"),
    { id: "string", prompt: "string" },
    { mayBeEmpty: true },
  );
  checkDistinct(prompts);
  const questions = prompts.map(({ id, prompt }) => ({ id, prompt: tokenizer.encode(prompt) }));
  const samples = decoding.kind === "temperature" ? decoding.samples : 1;
  const report = progressReporter(emit, "answers", prompts.length * samples);
  const answers = await sampleAnswers(checkpoint, questions, {
    decoding,
    maxAnswerTokens,
    eosId: tokenizer.eosId,
    seed,
    signal,
    onProgress: report,
  });
  const rows = answers.flatMap((list, question): AnswerRow[] =>
    list.map(({ sample, tokens, logprob, finished }) => ({
      id: prompts[question]!.id,
      sample,
      answer: tokenizer.decode(tokens),
      tokens: tokens.length + (finished ? 1 : 0),
      logprob,
      finished,
    })),
  );
  await writeRows(outputPath(context, "answers"), rows);
}

/** Samples are seeded by id: two questions of one id would silently get the same draws. */
function checkDistinct(prompts: readonly PromptRow[]): void {
  const seen = new Set<string>();
  for (const { id } of prompts) {
    if (seen.has(id))
      throw new LabError("input-damaged", `prompts: id "${id}" appears twice`, { hint: "ids name prompts" });
    seen.add(id);
  }
}

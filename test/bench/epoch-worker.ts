/** Our side of epoch.ts: whole verbs of the trainer contract, sessions built inside the clock. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { runStep } from "../../kernel-lib/src/engine/index.js";
import type { AnswerRow, LogRow, Step } from "../../kernel-lib/src/steps/index.js";
import { answerLines, turn } from "./turns.js";

interface Request {
  readonly step: Step;
  readonly folder: string;
}

async function rows<T>(path: string): Promise<readonly T[]> {
  return (await readFile(path, "utf8"))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as T);
}

await answerLines(async ({ step, folder }: Request) => {
  const signal = new AbortController().signal;
  const measured = await turn(async () => {
    await runStep(step, folder, () => undefined, signal);
    return {};
  });
  if (step.verb === "sample") {
    const answers = await rows<AnswerRow>(join(folder, "outputs", "answers"));
    return { ...measured, answers: answers.length, tokens: answers.reduce((sum, { tokens }) => sum + tokens, 0) };
  }
  const log = await rows<LogRow>(join(folder, "outputs", "log"));
  return { ...measured, loss: log.reduce((sum, { loss }) => sum + loss, 0) / log.length };
});

/** A backend that computes nothing: every verb leaves outputs of the right shape at once, the same for the same step. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Backend, Job } from "../../kernel-lib/src/backends/index.js";
import { sha256 } from "../../kernel-lib/src/core/index.js";
import { outputsOf, type Params } from "../../kernel-lib/src/steps/index.js";
import { writeModel } from "../backends/fake-trainer.js";

/** `calls` holds the verbs that ran; `beforeRun` may delay or fail a step. */
export interface PretendingBackend extends Backend {
  readonly calls: string[];
}

/** An answer from a number that goes with the model, the question and the sample; and the question's id. */
export type AnswerOf = (draw: number, id: string) => string;

export function pretendingBackend(
  beforeRun: (job: Job) => Promise<void> = async () => {},
  answerOf: AnswerOf = (draw) => `#### ${draw}`,
): PretendingBackend {
  const calls: string[] = [];
  return {
    name: "pretending",
    concurrency: 2,
    calls,
    identity: () => "pretending",
    run: async (job) => {
      await beforeRun(job);
      calls.push(job.step.verb);
      pretend(job, answerOf);
    },
    close: async () => {},
  };
}

function pretend({ step, directory, emit }: Job, answerOf: AnswerOf): void {
  mkdirSync(join(directory, "outputs"), { recursive: true });
  emit({ type: "progress", done: 1, total: 2, unit: "steps" });
  emit({ type: "metric", name: "loss", value: 0.5, step: 1 });
  for (const [name, kind] of Object.entries(outputsOf(step.verb, step.params))) {
    const path = join(directory, "outputs", name);
    // Another step, or another checkpoint, is another model, as in earnest.
    const mark = Number.parseInt(sha256(JSON.stringify([step, name])).slice(0, 8), 16);
    if (kind === "tree") writeModel(path, mark);
    else
      writeFileSync(
        path,
        rowsOf(step, directory, name, answerOf)
          .map((row) => `${JSON.stringify(row)}\n`)
          .join(""),
      );
  }
}

function rowsOf(step: Job["step"], directory: string, output: string, answerOf: AnswerOf): readonly object[] {
  if (output === "log") {
    const row = { step: 1, epoch: 1, loss: 0.5, accuracy: 0.5 };
    return [
      { ...row, split: "train" },
      { ...row, split: "validation" },
    ];
  }
  const rows = readRows(join(directory, "inputs", step.verb === "sample" ? "prompts" : "rows"));
  if (step.verb === "score") return rows.map(({ id }) => scoreOf(id));
  const { decoding } = step.params as Params<"sample">;
  const samples = decoding.kind === "temperature" ? decoding.samples : 1;
  return rows.flatMap(({ id }) =>
    Array.from({ length: samples }, (_, sample) => {
      const draw = Number.parseInt(sha256(JSON.stringify([step.inputs.model, id, sample])).slice(0, 4), 16);
      return { id, sample, answer: answerOf(draw, id), tokens: 3, logprob: -2, finished: true };
    }),
  );
}

/** A probability that goes with the row, so that some comparisons are won and others lost. */
function scoreOf(id: string): object {
  const accept = (1 + Number.parseInt(sha256(id).slice(0, 4), 16)) / 65_537;
  return { id, probabilities: [1 - accept, accept], logprob: -3, tokens: 4 };
}

function readRows(path: string): { readonly id: string }[] {
  const lines = readFileSync(path, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as { id: string });
}

import type { Point, RunRecord } from "../../experiments/index.js";
import { defineFrame, type Row } from "./frame.js";
import { pointColumns } from "./point-columns.js";

const columns = {
  ...pointColumns,
  question: { type: "integer", unit: "index", meaning: "Place of the question in the seed's test split, from 0." },
  correct: { type: "integer", unit: "0 or 1", meaning: "Whether the model's answer is right." },
} as const;

/** One row a test question and point: what paired tests are made of. A seed has its own test split: pair by seed and question. */
export const examples = defineFrame(columns, function* ({ points }: RunRecord): Iterable<Row<typeof columns>> {
  for (const point of points) yield* examplesOf(point);
});

function* examplesOf({ seed, arm, method, round, correct }: Point): Iterable<Row<typeof columns>> {
  for (let question = 0; question < correct.length; question++) {
    yield { seed, arm, method, round, question, correct: correct[question] === "1" ? 1 : 0 };
  }
}

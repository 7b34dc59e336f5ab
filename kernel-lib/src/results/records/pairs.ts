import { pointColumns } from "../frames/index.js";
import { storedPairs } from "../stored-pairs.js";
import { storedRun } from "../stored-run.js";
import { defineRecords } from "./table.js";

const columns = {
  ...pointColumns,
  pair: { type: "text", unit: "id", meaning: "The pair: its question, and which of the question's pairs it is." },
  question: { type: "text", unit: "id", meaning: "The question." },
  a: { type: "text", unit: "text", meaning: "The policy's first answer." },
  b: { type: "text", unit: "text", meaning: "Its second." },
  score: { type: "number", unit: "probability", meaning: "The source's belief that b is better." },
  selected: { type: "boolean", unit: "true or false", meaning: "Whether the pair was trained on." },
  correctA: {
    type: "boolean",
    unit: "true or false",
    meaning: "Whether a is right; null where only a judge could say.",
  },
  correctB: { type: "boolean", unit: "true or false", meaning: "Whether b is." },
} as const;

/** One row a pair of answers that DPO, or SFT on chosen answers, had compared. */
export const pairs = defineRecords(columns, async ({ run, store }) => {
  const judged = run.points.filter(({ selectedCount }) => selectedCount !== null);
  if (judged.length === 0) return [];
  const stored = await storedRun(run, await store());
  const tables = judged.map(async (point) => {
    const { seed, arm, method, round } = point;
    const rows = await storedPairs(stored, point);
    return rows.map(({ id: pair, questionId: question, a, b, score, selected, correctA, correctB }) => ({
      ...{ seed, arm, method, round, pair, question, a, b, score, selected, correctA, correctB },
    }));
  });
  return (await Promise.all(tables)).flat();
});

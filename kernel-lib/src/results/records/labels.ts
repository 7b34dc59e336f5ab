import { pointColumns } from "../frames/index.js";
import { labelRecords } from "../stored-labels.js";
import { storedRun } from "../stored-run.js";
import { defineRecords } from "./table.js";

const columns = {
  ...pointColumns,
  question: { type: "text", unit: "id", meaning: "The labelled question." },
  label: { type: "text", unit: "text", meaning: "The label before this round." },
  proposal: { type: "text", unit: "text", meaning: "The answer that was proposed in its place." },
  score: {
    type: "number",
    unit: "probability",
    meaning:
      "The source's belief that the proposal is better; null where they were not compared (they agree, or the proposal is malformed).",
  },
  accepted: { type: "boolean", unit: "true or false", meaning: "Whether the proposal took the label's place." },
  dropped: {
    type: "boolean",
    unit: "true or false",
    meaning: "Whether the label was taken out of the set (filters).",
  },
  labelCorrect: {
    type: "boolean",
    unit: "true or false",
    meaning: "Whether the label was correct; null where only a judge could say.",
  },
  proposalCorrect: { type: "boolean", unit: "true or false", meaning: "Whether the proposal is." },
} as const;

/** One row a label and round of ILR, or of a filter: what became of it. */
export const labels = defineRecords(columns, async ({ run, store }) => {
  const refined = run.points.filter(({ accepted }) => accepted !== null);
  if (refined.length === 0) return [];
  const stored = await storedRun(run, await store());
  const tables = refined.map(async (point) => {
    const { seed, arm, method, round } = point;
    const { rows } = await labelRecords(stored, point);
    return rows.map(
      ({ id: question, label, proposal, score, accepted, dropped = false, labelCorrect, proposalCorrect }) => ({
        ...{ seed, arm, method, round, question, label, proposal, score },
        ...{ accepted, dropped, labelCorrect, proposalCorrect },
      }),
    );
  });
  return (await Promise.all(tables)).flat();
});

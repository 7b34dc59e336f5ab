import { isDeepStrictEqual } from "node:util";
import { type Point, pairSummary } from "../experiments/index.js";
import type { PairRecord } from "../methods/index.js";
import { inputsOfDocument } from "../store/index.js";
import { ancestry } from "./ancestry.js";
import { notStored, parameterOf, type StoredRun } from "./stored-run.js";

/**
 * The pairs that a point's method had compared, in the order of their questions.
 *
 * @throws LabError `input-missing` when they are not in the store.
 */
export async function storedPairs(stored: StoredRun, point: Point): Promise<readonly PairRecord[]> {
  const { step, round, seed } = point;
  const training = stored.get(step);
  const before = training ? [...ancestry(stored)([training])] : [];
  const used = new Set(before.flatMap(({ document }) => Object.values(inputsOfDocument(document))));
  const selections = stored.find(
    "dpo/select",
    ({ outputs, ...record }) =>
      parameterOf(record, "round") === round &&
      parameterOf(record, "seed") === seed &&
      // Where no pair was confident enough the policy stayed as it was: its step is of a round before.
      (used.has(outputs.preferences!.ref) || outputs.preferences!.rows === 0),
  );
  const arm = stored.run.provenance.experiment.arms.find(({ name }) => name === point.arm);
  const opinions = arm?.comparisons === "human" ? { abstains: true as const } : {};
  for (const { outputs } of selections) {
    const rows = await stored.store.readRows<PairRecord>(outputs.records!.ref);
    // Arms may come to the same preferences by other ways; what the point says of its pairs tells them apart.
    if (isDeepStrictEqual(countsOf(pairSummary(rows, opinions)), countsOf(point))) return rows;
  }
  throw notStored(`the pairs of ${point.arm}`, stored);
}

type Counts = Pick<Point, "comparisonAccuracy" | "comparisonCount" | "selectedAccuracy" | "selectedCount">;

function countsOf({ comparisonAccuracy, comparisonCount, selectedAccuracy, selectedCount }: Counts): Counts {
  return { comparisonAccuracy, comparisonCount, selectedAccuracy, selectedCount };
}

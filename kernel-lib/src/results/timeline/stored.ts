import { type RunRecord, recordedTokens } from "../../experiments/index.js";
import type { Store } from "../../store/index.js";
import { allRecords, storedRun } from "../stored-run.js";
import { type Timeline, timelineOf } from "./timeline.js";

/** Tokens of a step: of the answers that were kept, and of what was trained on, every epoch counted. */
export type StepTokens = Awaited<ReturnType<typeof recordedTokens>>;

/** A run's timeline. @throws LabError `input-missing` when the store does not have its steps, as with a run that was recorded elsewhere. */
export async function storedTimeline(run: RunRecord, store: Store): Promise<Timeline> {
  return timelineOf(allRecords("the steps", await storedRun(run, store)));
}

/** Tokens of a run's steps, by their keys. @throws LabError as `storedTimeline`. */
export async function storedTokens(run: RunRecord, store: Store): Promise<ReadonlyMap<string, StepTokens>> {
  const stored = await storedRun(run, store);
  const tokens = new Map<string, StepTokens>();
  // One after the other: the answers of one step at a time are in memory.
  for (const record of allRecords("the steps", stored))
    tokens.set(record.key, await recordedTokens(record, stored.store));
  return tokens;
}
